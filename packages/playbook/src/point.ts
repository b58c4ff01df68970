import type { Diagnostic } from "@aither/protocol";
import { type Finding, type Path, type Place, placeAt } from "./finding.ts";
import { walkJson } from "./json-places.ts";
import { plainJson } from "./plain-json.ts";
import type { Psd1Span } from "./psd1-reader.ts";
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

/** A key that is missing may have another name in the file; else it has no place, and its parent's is the next best. */
function nearest(find: Find, path: Path, onKey: boolean): Place | null {
  for (let length = path.length; length > 0; length -= 1) {
    const place = find(path.slice(0, length), onKey && length === path.length);
    if (place) return length === path.length ? place : (byOtherName(find, path, length) ?? place);
  }
  return byOtherName(find, path, 0) ?? { line: 1, col: 1, endLine: 1, endCol: 2 };
}

/** What the model calls otherwise than older formats do. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  if: ["condition", "when", "conditional"],
  needs: ["dependsOn"],
  run: ["script", "scripts", "sequence", "sequences", "number", "step", "path"],
  script: ["inline", "command"],
  uses: ["playbook"],
  with: ["parameters", "params", "variables"],
  variables: ["defaultVariables", "parameters", "params"],
  env: ["environment"],
  timeout: ["timeoutSeconds", "timeoutMinutes", "timeout-minutes", "timeoutInMinutes"],
  retries: ["retryCount", "maxRetries"],
  stages: ["includeStages", "sequences"],
  continueOnError: ["continue-on-error"],
  matrix: ["strategy", "variables.MatrixDimensions"],
};

/** Follows a path from where it ends, by the other names that its next key has. */
function byOtherName(find: Find, path: Path, from: number): Place | null {
  let best: Place | null = null;
  let known: Path = path.slice(0, from);
  for (const key of path.slice(from)) {
    const names: Path[] = [[key], ...(otherNames[key] ?? []).map((name) => name.split("."))];
    const name = names.find((one) => find([...known, ...one], false) !== null);
    if (name === undefined) return best;
    known = [...known, ...name];
    best = find(known, false);
  }
  return best;
}

async function finder(source: Source): Promise<Find> {
  switch (source.syntax) {
    case "json": {
      const { text } = plainJson(source.text);
      return (path, onKey) => {
        const exact = walkJson(text, path, { onKey });
        const walk = exact.is === "found" ? exact : walkJson(text, path, { onKey, fold: true });
        return walk.is === "found" ? walk.place : null;
      };
    }
    case "psd1": {
      const lower = (places: ReadonlyMap<string, Psd1Span> = new Map()) =>
        new Map([...places].map(([path, span]) => [path.toLowerCase(), span]));
      const places = source.places?.();
      const [keys, values] = [lower(places?.keys), lower(places?.values)];
      return (path, onKey) => {
        // Two keys that differ in case only cannot stand in one table.
        const span = (onKey ? keys : values).get(JSON.stringify(path).toLowerCase());
        return span ? placeAt(source.text, span.offset, span.length) : null;
      };
    }
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
    const byKey = (is: (key: string) => boolean) =>
      node.items.find((item) => isPair(item) && isScalar(item.key) && is(String(item.key.value)));
    const named = (name: string) =>
      byKey((key) => key === name) ?? byKey((key) => key.toLowerCase() === name.toLowerCase());
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
