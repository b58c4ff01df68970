/** Reads XML and HTML with parsers that are not ours: Python's. */
import { execFileSync, spawnSync } from "node:child_process";

export type Element = {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Element[];
};

export const noPython = spawnSync("python3", ["--version"]).status === 0 ? false : "there is no python3 to parse with";

const xml = `
import json, sys, xml.etree.ElementTree as tree
def read(e): return {"tag": e.tag, "attributes": e.attrib, "text": e.text or "", "children": [read(c) for c in e]}
print(json.dumps(read(tree.fromstring(sys.stdin.buffer.read()))))`;

/** Fails where it is not well formed. */
export function parseXml(text: string): Element {
  return JSON.parse(execFileSync("python3", ["-c", xml], { input: text, maxBuffer: 1024 ** 3 }).toString()) as Element;
}

const html = `
import json, sys
from html.parser import HTMLParser
empty = {"meta", "link", "br", "use"}
class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True); self.open = []; self.seen = []; self.wrong = []
    def handle_starttag(self, tag, attrs):
        self.seen.append([tag, dict(attrs), ""])
        if tag not in empty: self.open.append((tag, len(self.seen) - 1))
    def handle_startendtag(self, tag, attrs): self.seen.append([tag, dict(attrs), ""])
    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag: self.open.pop()
        else: self.wrong.append("</%s> in %s" % (tag, [name for name, _ in self.open]))
    def handle_data(self, data):
        for _, at in self.open: self.seen[at][2] += data
reader = Reader(); reader.feed(sys.stdin.buffer.read().decode()); reader.close()
print(json.dumps({"elements": [{"tag": t, "attributes": a, "text": x, "children": []} for t, a, x in reader.seen], "wrong": reader.wrong + [name for name, _ in reader.open]}))`;

/** Every element in order, each with all text within it; fails where one is not closed as it was opened. */
export function parseHtml(text: string): readonly Element[] {
  const found = JSON.parse(execFileSync("python3", ["-c", html], { input: text, maxBuffer: 1024 ** 3 }).toString()) as {
    elements: Element[];
    wrong: string[];
  };
  if (found.wrong.length > 0) throw new Error(`not well formed: ${found.wrong.slice(0, 5).join("; ")}`);
  return found.elements;
}

/** All elements of that name, at any depth. */
export function all(element: Element, tag: string): Element[] {
  return [...(element.tag === tag ? [element] : []), ...element.children.flatMap((child) => all(child, tag))];
}
