/** Texts that are written for others to read, held against a small reader of each: units, property lists, graphs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { daemonNodeOptions, decodeText } from "@aither/protocol";
import { graphDot, graphMermaid, type Graph } from "../../../cli/src/display/graph.ts";
import type { ServiceFacts } from "../../../cli/src/service/facts.ts";
import { escapeXml, launchdPlist } from "../../../cli/src/service/launchd-plist.ts";
import { spell } from "../../../cli/src/service/run.ts";
import { systemdSocket } from "../../../cli/src/service/systemd-socket.ts";
import { systemdUnit } from "../../../cli/src/service/systemd-unit.ts";
import { taskXml } from "../../../cli/src/service/task-xml.ts";
import { stable, target, type Target } from "../lib/target.ts";
import { isWellFormed, sentences } from "../lib/text.ts";

/** A path may hold anything but what `serviceFacts` refuses: control characters, and halves of a character. */
const path = sentences([
  "/home/x",
  " ",
  '"',
  "'",
  "\\",
  "\\\\",
  "%",
  "%h",
  "$",
  "${HOME}",
  "$$",
  "&",
  "<",
  ">",
  "]]>",
  "é",
  ";",
  "#",
  "=",
  "a",
])
  .filter((text) => text.length < 3_000 && isWellFormed(text))
  .map((text) => `/${text.replaceAll(/[\u0000-\u001f\u007f\u2028]/g, "")}`);
const facts: fc.Arbitrary<ServiceFacts> = fc.record({
  node: path,
  entry: path,
  home: path,
  lock: path,
  log: path,
  socket: path,
  uid: fc.nat(70_000),
  env: fc.dictionary(fc.constantFrom("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"), path),
  flock: fc.boolean(),
  suffix: fc.constantFrom("", "-0123abcd"),
});

/** The words of a line as systemd reads it: quotes, backslashes, `%%` and `$$`. */
function systemdWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\[^])*"|[^\s"]+/g) ?? [];
  return words.map((word) => {
    const bare = word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\([^])/g, "$1") : word;
    return bare.replaceAll("%%", "%").replaceAll("$$", "$");
  });
}

function unit(given: ServiceFacts): void {
  const text = stable(() => systemdUnit(given, { system: false, socket: "aither.socket" }));
  for (const line of text.split("\n")) assert.match(line, /^(#.*|\[\w+\]|[A-Za-z]+=.*|)$/);
  const start = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? "";
  const { node, entry, home, lock, flock } = given;
  const words = systemdWords(start);
  const daemon = [node, ...daemonNodeOptions, entry, "--home", home];
  assert.deepEqual(flock ? words.slice(3) : words, flock ? [lock, ...daemon] : daemon);
  const named = [...text.matchAll(/^Environment=(.*)$/gm)].map(([, setting = ""]) => systemdWords(setting)[0]);
  // A `$` means nothing in a setting, so it is not doubled there.
  assert.deepEqual(
    named,
    Object.entries(given.env).map(([name, value]) => `${name}=${value}`.replaceAll("$$", "$")),
  );
  const socket = stable(() => systemdSocket(given));
  assert.equal(/^ListenStream=(.*)$/m.exec(socket)?.[1]?.replaceAll("%%", "%"), given.socket);
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replaceAll(/&(\w+);/g, (_, name: string) => entities[name] ?? assert.fail(name));

function xml(given: ServiceFacts): void {
  const plist = stable(() => launchdPlist(given, { label: "x" }));
  const argv = /<array>([^]*?)<\/array>/.exec(plist)?.[1] ?? "";
  const words = [...argv.matchAll(/<string>([^<]*)<\/string>/g)].map(([, word = ""]) => unescapeXml(word));
  const argvOfNode = [...daemonNodeOptions, given.entry, "--home", given.home];
  assert.deepEqual(words, [given.node, ...argvOfNode]);
  const task = stable(() => taskXml(given, { user: given.home }));
  assert.equal(unescapeXml(/<Command>([^<]*)<\/Command>/.exec(task)?.[1] ?? ""), given.node);
  const taskArgv = unescapeXml(/<Arguments>([^<]*)<\/Arguments>/.exec(task)?.[1] ?? "");
  assert.deepEqual(windowsWords(taskArgv), argvOfNode);
  assert.equal(unescapeXml(escapeXml(given.log)), given.log);
}

/** What was written in any of three ways is read again, and no bytes at all are too odd. */
function encoding({ text, bytes }: { readonly text: string; readonly bytes: Uint8Array }): void {
  const little = Buffer.from(`\uFEFF${text}`, "utf16le");
  assert.equal(decodeText(little), text);
  assert.equal(decodeText(Buffer.from(little).swap16()), text);
  assert.equal(decodeText(Buffer.from(text)), text);
  stable(() => decodeText(bytes));
}

/** As the C runtime splits a command line. */
function windowsWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const slashes = /^\\*/.exec(line.slice(at, at + 4_000))![0].length;
    const isBeforeQuote = line[at + slashes] === '"';
    if (slashes > 0) {
      word = (word ?? "") + "\\".repeat(isBeforeQuote ? Math.floor(slashes / 2) : slashes);
      at += slashes - 1;
      if (isBeforeQuote && slashes % 2 === 1) {
        word += '"';
        at += 1;
      }
    } else if (line[at] === '"') {
      isQuoted = !isQuoted;
      word ??= "";
    } else if (!isQuoted && (line[at] === " " || line[at] === "\t")) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + line[at]!;
  }
  return word === null ? words : [...words, word];
}

/** The words of a command line as `sh` reads it. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\[^]|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|\\([^])/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ""),
  );
}

const label = sentences(["a", '"', "\\", "\n", "[", "]", "#", "<br/>", "&", "-->", "%%", "é", "`"]).filter(
  (text) => text.length < 500,
);
const graph: fc.Arbitrary<Graph> = fc
  .record({ name: label, nodes: fc.array(label, { maxLength: 4 }) })
  .map(({ name, nodes }) => ({
    name,
    nodes: nodes.map((text, at) => ({
      id: `${at}${text}`,
      name: text,
      level: at,
      decision: "run",
      reason: text,
      legs: [text],
      dynamic: null,
      condition: text,
      scripts: [text],
    })),
    edges: nodes
      .slice(1)
      .map((text, at) => ({ from: `${at}${nodes[at] ?? ""}`, to: `${at + 1}${text}`, kind: "needs" })),
  })) as unknown as fc.Arbitrary<Graph>;

export const textTargets: readonly Target[] = [
  target("texts/systemd", { covers: ["systemdUnit", "systemdSocket"], share: 3, arbitrary: facts, property: unit }),
  target("texts/encoding", {
    covers: ["decodeText"],
    share: 1,
    arbitrary: fc.record({ text: fc.string({ unit: "binary" }).filter(isWellFormed), bytes: fc.uint8Array() }),
    property: encoding,
  }),
  target("texts/xml", { covers: ["launchdPlist", "taskXml", "escapeXml"], share: 4, arbitrary: facts, property: xml }),
  target("texts/shell", {
    covers: ["spell"],
    share: 20,
    arbitrary: fc.array(
      sentences(["a", "'", '"', "\\", " ", "$", "`", "\n", "*"]).filter((text) => text !== "" && text.length < 2_000),
      { minLength: 1, maxLength: 4 },
    ),
    property: (words) => assert.deepEqual(shellWords(spell(words as [string, ...string[]])), words),
  }),
  target("texts/graphs", {
    covers: ["graphDot", "graphMermaid"],
    share: 10,
    arbitrary: graph,
    property: (given) => {
      for (const line of stable(() => graphDot(given)))
        assert.equal((line.replaceAll(/\\[^]/g, "").match(/"/g) ?? []).length % 2, 0, line);
      for (const line of stable(() => graphMermaid(given))) assert.ok(!/\["[^"]*"[^\]]/.test(line), line);
    },
  }),
];
