import type { Diagnostic } from "@aither/protocol";
import { type Finding, type Path, type Place, placeAt } from "./finding.ts";
import { walkJson } from "./json-places.ts";
import type { Source } from "./read.ts";

/** Finds the place of each finding in its file. Only here is a parser loaded that knows positions. */
export async function pointAt(findings: readonly Finding[], source: Source): Promise<Diagnostic[]> {
  if (findings.length === 0) return [];
  const find = await finder(source);
  return findings.slice(0, DIAGNOSTICS_MAX).map((finding) => {
    const place = finding.at ?? nearest(find, finding.path, finding.onKey ?? false);
    return {
      severity: finding.severity,
      code: finding.code,
      message: shortened(finding.message),
      file: source.file,
      line: place?.line ?? null,
      col: place?.col ?? null,
      endLine: place?.endLine ?? null,
      endCol: place?.endCol ?? null,
      fix: finding.fix,
    };
  });
}

/** Nobody reads more, and each place is looked for in the whole text. */
const DIAGNOSTICS_MAX = 100;

/** A message may name what it found; a value of many lines would hide what is said of it. */
const MESSAGE_LENGTH_MAX = 2_000;

function shortened(message: string): string {
  return message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX)} …`;
}

type Find = (path: Path, onKey: boolean) => Place | null;

/** A key that is missing has no place: its parent's is the next best. */
function nearest(find: Find, path: Path, onKey: boolean): Place | null {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const place = find(part, onKey && length === path.length) ?? inOtherWords(find, part);
    if (place) return place;
  }
  return { line: 1, col: 1, endLine: 1, endCol: 2 };
}

/** What older formats call keys of the model, where they have other words. */
const otherWords: Readonly<Record<string, readonly string[]>> = {
  run: ["script", "sequence", "number", "step", "scripts", "path"],
  if: ["condition", "when", "conditional"],
  uses: ["playbook"],
  with: ["variables", "parameters"],
  variables: ["parameters", "defaultVariables"],
  timeout: ["timeoutMinutes"],
  retries: ["retryCount", "maxRetries"],
  needs: ["dependsOn"],
};

function inOtherWords(find: Find, path: Path): Place | null {
  const last = path.at(-1);
  if (typeof last !== "string") return null;
  for (const word of [last, ...(Object.hasOwn(otherWords, last) ? otherWords[last]! : [])]) {
    for (const written of [word, word.charAt(0).toUpperCase() + word.slice(1)]) {
      const place = find([...path.slice(0, -1), written], false);
      if (place) return place;
    }
  }
  return null;
}

async function finder(source: Source): Promise<Find> {
  switch (source.syntax) {
    case "json":
      return (path, onKey) => {
        const walk = walkJson(source.text, path, onKey);
        return walk.is === "found" ? walk.place : null;
      };
    case "psd1":
      return (path, onKey) => {
        const span = source.places?.[onKey ? "keys" : "values"].get(JSON.stringify(path));
        return span ? placeAt(source.text, span.offset, span.length) : null;
      };
    case "yaml":
      return yamlFinder(source.text);
  }
}

async function yamlFinder(text: string): Promise<Find> {
  const { isAlias, isMap, isPair, isSeq, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent" });
  const placeOf = (node: unknown): Place | null => {
    const range = (node as { range?: [number, number, number] | null } | null)?.range;
    if (!range) return null;
    const start = lines.linePos(range[0]);
    const compound = isMap(node) || isSeq(node);
    const end = lines.linePos(compound ? range[0] + 1 : range[1]);
    return { line: start.line, col: start.col, endLine: end.line, endCol: end.col };
  };
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  /** The pair of a key: the map's own, or one that `<<` brings into it. */
  const pairOf = (node: unknown, part: string | number): { key: unknown; value: unknown } | null => {
    if (!isMap(node)) return null;
    const named = (name: string) =>
      node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === name);
    const own = named(String(part));
    if (own) return own;
    const merged = resolved(named("<<")?.value);
    const bases = isSeq(merged) ? merged.items : [merged];
    return bases.map((base) => pairOf(resolved(base), part)).find((pair) => pair !== null) ?? null;
  };
  return (path, onKey) => {
    let node: unknown = document.contents;
    let key: unknown = null;
    for (const part of path) {
      node = resolved(node);
      if (isMap(node)) {
        const pair = pairOf(node, part);
        if (!pair) return null;
        key = pair.key;
        node = pair.value;
      } else if (isSeq(node) && typeof part === "number") {
        key = node = node.items[part];
      } else return null;
    }
    return placeOf(onKey ? key : node) ?? placeOf(key);
  };
}
