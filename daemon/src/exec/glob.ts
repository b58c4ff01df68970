/** Globs as artifacts use them: `*`, `?`, `[a-z]`, `{a,b}` within a name, `**` over folders. Paths have `/`. */

const special = /[*?[\]{}]/;

/** The leading folders (or the whole path) that hold no special character. */
export function literalPrefix(pattern: string): string {
  const parts = pattern.split("/");
  const first = parts.findIndex((part) => special.test(part));
  return (first < 0 ? parts : parts.slice(0, first)).join("/");
}

/** Whether a path fits; a glob that fits a folder fits all in it. What is no glob (`[z-a]`) fits what is written so. */
export function matcherOf(pattern: string): (path: string) => boolean {
  const plain = pattern
    .trim()
    .replace(/^(\.\/)+/, "")
    .replace(/\/$/, "");
  const steps: Step[] = [];
  write(plain, steps);
  return (path) => fits(steps, path);
}

/** One character that fits, any number of steps forward without one, or both. Behind the last step it is over. */
type Step =
  | { readonly is: "character"; readonly fits: (character: string) => boolean }
  /** Stays here for each character that fits, and goes on whenever it likes. */
  | { readonly is: "any"; readonly fits: (character: string) => boolean }
  /** Goes on at each of these, counted from here. */
  | { readonly is: "fork"; readonly to: readonly number[] };

const inName = (character: string): boolean => character !== "/";
const all = (): boolean => true;

/** Steps are added behind those that are there, so that parts of a pattern may be written one after the other. */
function write(pattern: string, steps: Step[]): void {
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at]!;
    const found = special.test(character) ? specialAt(pattern, at) : null;
    if (found === null) {
      steps.push({ is: "character", fits: (one) => one === character });
      at += 1;
    } else {
      found.write(steps);
      at += found.length;
    }
  }
}

type Special = { readonly length: number; readonly write: (steps: Step[]) => void };

/** Null where a bracket is only a bracket. */
function specialAt(pattern: string, at: number): Special | null {
  const rest = pattern.slice(at, at + SPECIAL_LENGTH_MAX);
  if (rest.startsWith("**/")) return { length: 3, write: writeFolders };
  if (rest.startsWith("**")) return { length: 2, write: (steps) => steps.push({ is: "any", fits: all }) };
  if (rest.startsWith("*")) return { length: 1, write: (steps) => steps.push({ is: "any", fits: inName }) };
  if (rest.startsWith("?")) return { length: 1, write: (steps) => steps.push({ is: "character", fits: inName }) };
  const set = /^\[(!?)([^\]/]+)\]/.exec(rest);
  if (set !== null) {
    const fitsSet = setOf(set[2]!, set[1] === "!");
    return fitsSet && { length: set[0].length, write: (steps) => steps.push({ is: "character", fits: fitsSet }) };
  }
  const [choice] = /^\{[^{}]*\}/.exec(rest) ?? [];
  if (choice === undefined) return null;
  return { length: choice.length, write: (steps) => writeChoice(choice.slice(1, -1).split(","), steps) };
}

/** A longer set or choice is taken as it is written. */
const SPECIAL_LENGTH_MAX = 1_000;

/** `**` and a slash: no folder, one, or many. The first fork passes over all of it, the last one comes back to it. */
function writeFolders(steps: Step[]): void {
  steps.push(
    { is: "fork", to: [1, 5] },
    { is: "character", fits: inName },
    { is: "any", fits: inName },
    { is: "character", fits: (one) => one === "/" },
    { is: "fork", to: [-4, 1] },
  );
}

function writeChoice(words: readonly string[], steps: Step[]): void {
  const fork = steps.push({ is: "fork", to: [] }) - 1;
  const begins: number[] = [];
  const ends: number[] = [];
  for (const word of words) {
    begins.push(steps.length - fork);
    write(word, steps);
    ends.push(steps.push({ is: "fork", to: [] }) - 1);
  }
  steps[fork] = { is: "fork", to: begins };
  for (const end of ends) steps[end] = { is: "fork", to: [steps.length - end] };
}

/** Null for a range that goes backwards. */
function setOf(inner: string, isInverted: boolean): ((character: string) => boolean) | null {
  const ranges: [from: string, to: string][] = [];
  for (let at = 0; at < inner.length;) {
    const isRange = inner[at + 1] === "-" && at + 2 < inner.length;
    ranges.push([inner[at]!, inner[isRange ? at + 2 : at]!]);
    at += isRange ? 3 : 1;
  }
  if (ranges.some(([from, to]) => from > to)) return null;
  return (one) => one !== "/" && ranges.some(([from, to]) => one >= from && one <= to) !== isInverted;
}

/** All places at once, character by character: it takes no longer than the one length times the other. */
function fits(steps: readonly Step[], path: string): boolean {
  let open = new Set<number>();
  enter(0, steps, open);
  for (const character of path.split("")) {
    // The whole pattern is behind: what follows is in a folder that fits.
    if (character === "/" && open.has(steps.length)) return true;
    const next = new Set<number>();
    for (const at of open) {
      const step = steps[at];
      if (step === undefined || step.is === "fork" || !step.fits(character)) continue;
      enter(step.is === "any" ? at : at + 1, steps, next);
    }
    if (next.size === 0) return false;
    open = next;
  }
  return open.has(steps.length);
}

/** A place and all that can be reached from it without a character. */
function enter(place: number, steps: readonly Step[], into: Set<number>): void {
  const open = [place];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (into.has(at)) continue;
    into.add(at);
    const step = steps[at];
    if (step?.is === "any") open.push(at + 1);
    if (step?.is === "fork") for (const way of step.to) open.push(at + way);
  }
}
