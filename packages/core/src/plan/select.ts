import type { ScriptEntry } from "@aither/protocol";

/** What a selector means. `scripts` are in the order in which they would run. */
export type Selection = {
  readonly scripts: readonly ScriptEntry[];
  /** Plain numbers and names that look right and that no script has. */
  readonly missing: readonly string[];
  /** Parts that are no selector at all. */
  readonly unknown: readonly string[];
  /** Ranges, wildcards, stages and tags that no script is in, beside others that some are in. */
  readonly empty: readonly string[];
  /** Plain numbers that two or more files have; a name or a path would decide. */
  readonly ambiguous: readonly {
    readonly part: string;
    readonly candidates: readonly ScriptEntry[];
  }[];
};

/** A catalogue that was prepared once: look-ups by number, name and path. */
export type ScriptIndex = {
  readonly all: readonly ScriptEntry[];
  readonly byNumber: ReadonlyMap<string, readonly ScriptEntry[]>;
  readonly byName: ReadonlyMap<string, ScriptEntry>;
};

export function indexScripts(scripts: readonly ScriptEntry[]): ScriptIndex {
  const all = [...scripts].sort((a, b) => order(a.number, b.number) || order(a.name, b.name));
  const byNumber = new Map<string, ScriptEntry[]>();
  const byName = new Map<string, ScriptEntry>();
  for (const script of all) {
    const same = byNumber.get(script.number);
    if (same) same.push(script);
    else byNumber.set(script.number, [script]);
    for (const name of [script.name, baseName(script.path), script.path]) {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), script);
    }
  }
  return { all, byNumber, byName };
}

/**
 * Selects scripts: `0402`, `402`, `0400-0499`, `04*`, `*`, `!0208`, `stage:Testing`, `tag:unit`, `0402_Run-UnitTests`,
 * a path; lists with commas or blanks, and a comment behind them. Written order; ranges and wildcards ascend; exclusions count wherever they stand;
 * what is selected twice runs once.
 */
export function select(expression: string, index: ScriptIndex): Selection {
  // What most steps say, thousands of times.
  if (/^\d{1,4}$/.test(expression)) return ofNumber(expression, index);
  const found: ScriptEntry[] = [];
  const missing: string[] = [];
  const unknown: string[] = [];
  const empty: string[] = [];
  const ambiguous: { part: string; candidates: readonly ScriptEntry[] }[] = [];
  const excluded = new Set<ScriptEntry>();
  for (const part of partsOf(expression, index)) {
    const excludes = part.startsWith("!");
    const hit = lookUp(excludes ? part.slice(1).trim() : part, index);
    if (hit.is === "unknown") unknown.push(part);
    else if (excludes) for (const script of hit.scripts) excluded.add(script);
    else if (hit.is === "missing") missing.push(hit.name);
    else {
      if (hit.is === "number" && hit.scripts.length > 1) {
        ambiguous.push({ part, candidates: hit.scripts });
      }
      if (hit.scripts.length === 0) empty.push(part);
      found.push(...hit.scripts);
    }
  }
  const scripts = [...new Set(found)].filter((script) => !excluded.has(script));
  return { scripts, missing: [...new Set(missing)], unknown, empty: found.length === 0 ? [] : empty, ambiguous };
}

function ofNumber(part: string, index: ScriptIndex): Selection {
  const number = part.padStart(4, "0");
  const scripts = index.byNumber.get(number);
  if (scripts === undefined) return { scripts: [], missing: [number], unknown: [], empty: [], ambiguous: [] };
  const ambiguous = scripts.length > 1 ? [{ part, candidates: scripts }] : [];
  return { scripts, missing: [], unknown: [], empty: [], ambiguous };
}

/** The value of `stage:` and `tag:` may hold blanks, where a script has such a stage or tag; otherwise blanks separate. */
function partsOf(expression: string, index: ScriptIndex): string[] {
  // One blank is as good as many, and what looks for blanks takes time for each of them.
  return withoutComments(expression, index)
    .replaceAll(/\s+/g, " ")
    .split(",")
    .flatMap((part) => (isHeaderWithBlanks(part, index) ? [part] : splitBlanks(part)))
    .map((part) => unquoted(part.trim()))
    .filter((part) => part !== "");
}

/**
 * `0402 # unit tests`: from a `#` behind a blank to the end of the line nothing is selected. It stays, and is then no
 * selector, where nothing stands before it, where a stage or tag is called so, and where a selector follows a comma in
 * it: `0402 # tests, 0404` may be meant either way.
 */
function withoutComments(expression: string, index: ScriptIndex): string {
  if (!expression.includes("#")) return expression;
  const lines = expression.split(/\r?\n/).map((line) => {
    const found = /\s#(?!\S*[\\/])/.exec(line);
    if (found === null) return line;
    const [before, comment] = [line.slice(0, found.index), line.slice(found.index)];
    const around = before.slice(before.lastIndexOf(",") + 1) + comment.split(",")[0]!;
    const isMore = (part: string): boolean => part.trim() !== "" && lookUp(part.trim(), index).is !== "unknown";
    if (before.trim() === "" || isHeaderWithBlanks(around, index) || comment.split(",").slice(1).some(isMore))
      return line;
    return `${before},`;
  });
  return lines.join("\n");
}

function isHeaderWithBlanks(part: string, index: ScriptIndex): boolean {
  if (!/^\s*!?\s*(stage|tag)\s*:.*\S\s+\S/i.test(part)) return false;
  const hit = lookUp(part.trim().replace(/^!\s*/, ""), index);
  return hit.is === "set" && hit.scripts.length > 0;
}

function splitBlanks(part: string): string[] {
  return part
    .replaceAll(/\s*-\s*(?=\d{1,4}\s*$)/g, "-")
    .replaceAll(/!\s+/g, "!")
    .replaceAll(/\b(stage|tag)\s*:\s*/gi, "$1:")
    .split(/\s+/);
}

/** Quotes, as people give them to shells and to PowerShell. */
function unquoted(text: string): string {
  return /^(['"])(.+)\1$/.exec(text)?.[2]?.trim() ?? text;
}

type Hit =
  | { readonly is: "number" | "set"; readonly scripts: readonly ScriptEntry[] }
  | { readonly is: "missing"; readonly name: string; readonly scripts: readonly [] }
  | { readonly is: "unknown" };

function lookUp(part: string, index: ScriptIndex): Hit {
  const set = (test: (script: ScriptEntry) => boolean): Hit => ({
    is: "set",
    scripts: index.all.filter(test),
  });
  if (/^\d{1,4}$/.test(part)) {
    const number = part.padStart(4, "0");
    const scripts = index.byNumber.get(number);
    return scripts ? { is: "number", scripts } : { is: "missing", name: number, scripts: [] };
  }
  const range = /^(\d{1,4})-(\d{1,4})$/.exec(part);
  if (range) {
    const [from, to] = [range[1]!.padStart(4, "0"), range[2]!.padStart(4, "0")];
    return from > to ? { is: "unknown" } : set(({ number }) => number >= from && number <= to);
  }
  const wildcard = /^(\d{0,4})\*$/.exec(part);
  if (wildcard) {
    const digits = wildcard[1]!;
    const prefix = digits.length === 1 ? `0${digits}` : digits;
    return set(({ number }) => number.startsWith(prefix));
  }
  const header = /^(stage|tag)\s*:\s*(.+)$/i.exec(part);
  if (header) {
    const wanted = unquoted(header[2]!.trim()).toLowerCase();
    return header[1]!.toLowerCase() === "stage"
      ? set(({ stage }) => stage.toLowerCase() === wanted)
      : set(({ tags }) => tags.some((tag) => tag.toLowerCase() === wanted));
  }
  return byName(part, index);
}

function byName(part: string, index: ScriptIndex): Hit {
  const exact = index.byName.get(part.toLowerCase());
  if (exact) return { is: "set", scripts: [exact] };
  const path = part
    .replaceAll("\\", "/")
    .replace(/^(\.\/)+/, "")
    .toLowerCase();
  const byPath = path.includes("/")
    ? index.all.find((script) => script.path.toLowerCase().endsWith(`/${path}`))
    : undefined;
  if (byPath) return { is: "set", scripts: [byPath] };
  // A name with another ending than the file's still means the file: `0407_Validate-Syntax.ps1` in a ported workspace.
  const stem = baseName(path).replace(/\.\w+$/, "");
  const byStem = /^\d{4}_/.test(stem) ? index.byName.get(stem) : undefined;
  if (byStem && !path.includes("/")) return { is: "set", scripts: [byStem] };
  return /^\d{4}_[\w.-]+$/.test(baseName(path)) ? { is: "missing", name: part, scripts: [] } : { is: "unknown" };
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
