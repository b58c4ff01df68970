import { fold, unknown, type Value } from "./values.ts";

/** `exact`: case counts. */
type Case = { readonly exact: boolean };

const LIKE_STEPS_MAX = 100_000_000;

/** PowerShell's wildcards: `*`, `?`, `[a-c]`; a backtick takes the next one as it is. */
export function like(value: string, pattern: string, { exact }: Case): Value {
  const [text, wildcards] = exact ? [value, pattern] : [fold(value), fold(pattern)];
  if (text.length * wildcards.length > LIKE_STEPS_MAX) {
    return unknown(`\`-like\` is not evaluated on ${text.length} characters`, { late: false });
  }
  const parts = partsOf(wildcards);
  if (parts === null) return unknown(`\`-like '${pattern}'\` has a bracket without an end`, { late: false });
  return fits(text, parts);
}

/** One character of a text is one of these; `*` is any number of any. */
type Part = "*" | ((character: string) => boolean);

function partsOf(pattern: string): Part[] | null {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const next = pattern[at]!;
    if (next === "*") parts.push("*");
    else if (next === "?") parts.push(() => true);
    else if (next === "[") {
      const end = pattern.indexOf("]", at + 1);
      if (end < 0) return null;
      parts.push(oneOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = next === "`" && at + 1 < pattern.length ? pattern[++at]! : next;
      parts.push((character) => character === literal);
    }
  }
  return parts;
}

function oneOf(set: string): (character: string) => boolean {
  const ranges: (readonly [from: string, to: string])[] = [];
  for (let at = 0; at < set.length; at += 1) {
    const isRange = set[at + 1] === "-" && at + 2 < set.length;
    ranges.push([set[at]!, isRange ? set[at + 2]! : set[at]!]);
    if (isRange) at += 2;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to);
}

/** Only the last `*` is ever tried again, so it takes no longer than the one length times the other. */
function fits(text: string, parts: readonly Part[]): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const part = parts[next];
    if (part === "*") {
      star = next++;
      starAt = at;
    } else if (part?.(text[at]!) === true) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (parts[next] === "*") next += 1;
  return next === parts.length;
}

const PATTERN_LENGTH_MAX = 200;
/** With one repetition, and with a few of them, which are tried together. */
const MATCHED_LENGTH_MAX = 10_000;
const MATCHED_OFTEN_LENGTH_MAX = 64;
const REPETITIONS_MAX = 3;

/**
 * Regular expressions that mean the same in .NET and here, and cannot take for ever: no group is repeated, nothing looks
 * around or back, and of repetitions there are few.
 */
export function matches(text: string, source: string, { exact }: Case): Value {
  const refused = (why: string): Value => unknown(`\`-match '${source.slice(0, 80)}'\` ${why}`, { late: false });
  if (source.length > PATTERN_LENGTH_MAX || !isPlain(source)) return refused("is not evaluated here");
  const bare = source.replaceAll(/\\./gs, "");
  // Groups of alternatives, one behind another, are tried in all their combinations, too.
  const repetitions = bare.match(bare.includes("|") ? /[*+?}(]/g : /[*+?}]/g)?.length ?? 0;
  if (repetitions > REPETITIONS_MAX) return refused("is not evaluated here");
  const longest = repetitions > 1 ? MATCHED_OFTEN_LENGTH_MAX : MATCHED_LENGTH_MAX;
  if (repetitions > 0 && text.length > longest) return refused(`is not evaluated on ${text.length} characters`);
  // Where a line ends, and whether `.` is one of its signs, the two do not agree on either.
  if (/[\r\n]/.test(text) && /[$.]/.test(bare)) return refused("is not evaluated on several lines");
  // What is a letter or a blank beyond ASCII, the two do not agree on.
  if (/\\[wdsb.]/i.test(source) && /[^\0-\x7F]/.test(text + source)) return refused("is not evaluated beyond ASCII");
  try {
    return new RegExp(source, exact ? "" : "i").test(text);
  } catch {
    return refused("is no pattern that is evaluated here");
  }
}

function isPlain(source: string): boolean {
  // Escapes of classes and of marks; others mean something else in .NET.
  if (/\\(?![wdsbWDSB.\\/\-+*?()[\]{}|^$_ :@#])/.test(source.replaceAll("\\\\", ""))) return false;
  const bare = source.replaceAll(/\\./gs, "_");
  // Lookarounds and named groups, repeated groups, sets in sets (.NET subtracts them).
  return !/\(\?(?!:)|\)[*+?{]|\[[^\]]*\[|\[\]|\[\^\]/.test(bare);
}
