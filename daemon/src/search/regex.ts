/**
 * What can be said of a regex by its text, so that most lines need not be tried one by one. All of it errs on the safe
 * side: a regex that is not understood is tried on every line.
 */

/** Escapes that match no line end, or nothing at all. */
const LINE_SAFE_ESCAPE = /^[dwSbB1-9]$|^[^\sA-Za-z0-9]$/;
/** Shorter than this and nearly every line holds it. */
const WORD_LENGTH_MIN = 3;

/**
 * Whether no match can reach over a line end, nor depend on what is behind one: then many lines may be looked through at
 * once. Classes that exclude something, look-arounds and control characters are not understood.
 */
export function staysInLine(source: string): boolean {
  if (/[^\x20-\x7e]|\[\^|\(\?[^:]/.test(source)) return false;
  for (let at = source.indexOf("\\"); at !== -1; at = source.indexOf("\\", at + 2)) {
    if (!LINE_SAFE_ESCAPE.test(source[at + 1] ?? "")) return false;
  }
  return true;
}

/** The longest text that every line must hold which fits; null where there is none of some length. ASCII only. */
export function wordOf(source: string): string | null {
  const runs: string[] = [""];
  const stop = (): void => void runs.push("");
  for (let at = 0; at < source.length;) {
    const [token, kind] = tokenAt(source, at);
    at += token.length;
    if (kind === "alternative") return null;
    const quantifier = /^(?:[*+?]|\{\d*,?\d*\})\??/.exec(source.slice(at))?.[0] ?? "";
    at += quantifier.length;
    if (kind !== "character") {
      stop();
    } else if (quantifier === "" || quantifier.startsWith("+")) {
      runs[runs.length - 1] += token.at(-1)!;
      // It may follow any number of times: what stands behind it does not follow the first one.
      if (quantifier !== "") stop();
    } else {
      stop();
    }
  }
  const longest = runs.toSorted((a, b) => b.length - a.length)[0] ?? "";
  return longest.length >= WORD_LENGTH_MIN ? longest : null;
}

type Kind = "character" | "other" | "alternative";

/** What stands there, as far as it belongs together: an escape, a class, a whole group. */
function tokenAt(source: string, at: number): [string, Kind] {
  const character = source[at]!;
  if (character === "|") return [character, "alternative"];
  if (character === "[") return [source.slice(at, endOfClass(source, at)), "other"];
  if (character === "(") return [source.slice(at, endOfGroup(source, at)), "other"];
  if (character === "\\") return escapeAt(source, at);
  return [character, /[\x20-\x7e]/.test(character) && !/[$).\]^{}*+?]/.test(character) ? "character" : "other"];
}

function escapeAt(source: string, at: number): [string, Kind] {
  const long = /^\\(?:[pP]\{[^}]*\}|k<[^>]*>|x[0-9a-fA-F]{2}|u\{[^}]*\}|u[0-9a-fA-F]{4}|c[A-Za-z]|\d+)/.exec(
    source.slice(at),
  );
  if (long !== null) return [long[0], "other"];
  const token = source.slice(at, at + 2);
  return [token, /^\\[^\sA-Za-z0-9]$/.test(token) && token.charCodeAt(1) < 0x7f ? "character" : "other"];
}

function endOfClass(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === "]") return at + 1;
  }
  return source.length;
}

function endOfGroup(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === "[") at = endOfClass(source, at) - 1;
    else if (source[at] === "(") depth += 1;
    else if (source[at] === ")" && --depth === 0) return at + 1;
  }
  return source.length;
}
