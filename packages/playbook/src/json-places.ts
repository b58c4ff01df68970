import { type Path, type Place, placeAt } from "./finding.ts";

/** Where in a JSON text it goes wrong, or where the value (or key) of a path stands. Not a parser: it only walks. */
export type JsonWalk =
  | { readonly is: "wrong"; readonly place: Place; readonly message: string }
  | { readonly is: "found"; readonly place: Place }
  | { readonly is: "not-found" };

/** Walks a JSON text to `path`; with `path` null, looks for the first mistake. */
export function walkJson(text: string, path: Path | null, { onKey = false, fold = false }: Looking = {}): JsonWalk {
  const walker: Walker = { text, at: 0, path, onKey, fold, found: null, depth: 0 };
  try {
    walkValue(walker, 0, path !== null);
    blank(walker);
    if (walker.at < text.length) throw new Wrong(walker.at, "there is more text after the end");
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    if (!walker.found) {
      return { is: "wrong", place: placeAt(text, error.offset), message: error.message };
    }
  }
  return walker.found ? { is: "found", place: walker.found } : { is: "not-found" };
}

/**
 * Keys that stand twice in one map: of those the last one counts, which is seldom what was meant. `keys` is how many
 * there are in the value that was parsed, so that a text without such is not walked.
 */
export function duplicateKeys(text: string, keys: number): { readonly key: string; readonly place: Place }[] {
  if (colonsBehindQuotes(text) === keys) return [];
  const twice: { key: string; place: Place }[] = [];
  const walker: Walker = { text, at: 0, path: null, onKey: false, fold: false, found: null, depth: 0, twice };
  walkValue(walker, 0, false);
  return twice;
}

/** `onKey`: the key rather than its value. `fold`: keys are the same whatever their case. */
type Looking = { readonly onKey?: boolean; readonly fold?: boolean };

const [QUOTE, SPACE] = [0x22, 0x20];

/** As many as there are keys, and more where texts speak of such. */
function colonsBehindQuotes(text: string): number {
  let found = 0;
  for (let colon = text.indexOf(":"); colon >= 0; colon = text.indexOf(":", colon + 1)) {
    let before = colon - 1;
    while (text.charCodeAt(before) <= SPACE) before -= 1;
    if (text.charCodeAt(before) === QUOTE) found += 1;
  }
  return found;
}

type Walker = {
  readonly text: string;
  at: number;
  readonly path: Path | null;
  readonly onKey: boolean;
  readonly fold: boolean;
  found: Place | null;
  depth: number;
  /** Where somebody wants to know them. */
  readonly twice?: { key: string; place: Place }[];
};

class Wrong extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const DEPTH_MAX = 200;

/** `level` keys of the path are behind us, if `onPath`. */
function walkValue(walker: Walker, level: number, onPath: boolean): void {
  blank(walker);
  const from = walker.at;
  const target = onPath && !walker.onKey && level === walker.path!.length;
  const next = walker.text[from];
  walker.depth += 1;
  if (walker.depth > DEPTH_MAX) throw new Wrong(from, `it is nested deeper than ${DEPTH_MAX}`);
  if (next === "{") walkObject(walker, level, onPath);
  else if (next === "[") walkList(walker, level, onPath);
  else if (next === '"') walkText(walker);
  else walkWord(walker);
  walker.depth -= 1;
  if (!target) return;
  const end = /[[{]/.test(next ?? "") ? from + 1 : walker.at;
  walker.found = placeAt(walker.text, from, end - from);
}

function walkObject(walker: Walker, level: number, onPath: boolean): void {
  walker.at += 1;
  blank(walker);
  if (take(walker, "}")) return;
  const seen = new Set<string>();
  for (;;) {
    blank(walker);
    const from = walker.at;
    if (walker.text[from] !== '"') {
      throw new Wrong(
        from,
        walker.text[from] === "}" ? "there is a comma too many" : "a key in double quotes is expected",
      );
    }
    const key = walkText(walker);
    if (seen.has(key)) walker.twice?.push({ key, place: placeAt(walker.text, from, walker.at - from) });
    seen.add(key);
    const here = onPath && isKey(walker, key, walker.path![level]);
    if (here && walker.onKey && level + 1 === walker.path!.length) {
      walker.found = placeAt(walker.text, from, walker.at - from);
    }
    blank(walker);
    if (!take(walker, ":")) throw new Wrong(walker.at, "`:` is expected after a key");
    walkValue(walker, level + 1, here);
    blank(walker);
    if (take(walker, "}")) return;
    if (!take(walker, ",")) throw new Wrong(walker.at, "`,` or `}` is expected");
  }
}

function isKey({ fold }: Walker, key: string, wanted: string | number | undefined): boolean {
  return key === wanted || (fold && typeof wanted === "string" && key.toLowerCase() === wanted.toLowerCase());
}

function walkList(walker: Walker, level: number, onPath: boolean): void {
  walker.at += 1;
  blank(walker);
  if (take(walker, "]")) return;
  for (let index = 0; ; index += 1) {
    blank(walker);
    if (index > 0 && walker.text[walker.at] === "]") throw new Wrong(walker.at, "there is a comma too many");
    walkValue(walker, level + 1, onPath && walker.path![level] === index);
    blank(walker);
    if (take(walker, "]")) return;
    if (!take(walker, ",")) throw new Wrong(walker.at, "`,` or `]` is expected");
  }
}

function walkText(walker: Walker): string {
  const from = walker.at;
  for (let at = from + 1; at < walker.text.length; at += 1) {
    const next = walker.text[at];
    if (next === "\n") throw new Wrong(at, "a text ends at the end of its line");
    if (next === "\\") at += 1;
    else if (next === '"') {
      walker.at = at + 1;
      try {
        return JSON.parse(walker.text.slice(from, walker.at)) as string;
      } catch {
        throw new Wrong(from, "this text has an escape that JSON does not know");
      }
    }
  }
  throw new Wrong(from, "this text has no end");
}

const wordHere = /[^\s,\]}:]+/y;

function walkWord(walker: Walker): void {
  wordHere.lastIndex = walker.at;
  const word = wordHere.exec(walker.text)?.[0] ?? "";
  if (word === "") {
    throw new Wrong(walker.at, walker.at >= walker.text.length ? "the text ends too early" : "a value is expected");
  }
  if (!/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(word)) {
    throw new Wrong(walker.at, `\`${word.slice(0, 100)}\` is no JSON value`);
  }
  walker.at += word.length;
}

function blank(walker: Walker): void {
  while (/\s/.test(walker.text[walker.at] ?? "")) walker.at += 1;
}

function take(walker: Walker, character: string): boolean {
  if (walker.text[walker.at] !== character) return false;
  walker.at += 1;
  return true;
}
