/** Text that a terminal would show, out of what a script wrote for one. */

/** ECMA-48: control sequences with their parameters, strings (titles, links) with their end, everything else of two bytes. */
const sequences =
  // oxlint-disable-next-line no-control-regex -- it is what we look for
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*(?![[\]PX^_])[0-~])/g;
/** What neither a page nor XML can hold, and nobody can see. A tab stays. */
// oxlint-disable-next-line no-control-regex -- it is what we look for
const invisible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;
/** They turn text around, so that it reads other than it is. */
const turning = /[\u202a-\u202e\u2066-\u2069]/g;

/** How a run of characters looks: its colour is one of sixteen, by number. */
export type Style = {
  readonly colour: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
};

export type Run = Style & { readonly text: string };

const PLAIN: Style = { colour: null, bold: false, dim: false, italic: false, underline: false };

/** Without escape sequences; what cannot be seen is replaced and never dropped, so that nothing grows together. */
export function visible(line: string): string {
  return seen(lastDrawn(line).replaceAll(sequences, ""));
}

/** Marks in the place of characters that show nothing or lie. */
export function seen(text: string): string {
  return text.replaceAll(invisible, "\ufffd").replaceAll(turning, "\ufffd");
}

/** The same text as `visible` gives, in runs of one look each. */
export function runsOf(line: string): Run[] {
  const drawn = lastDrawn(line);
  const runs: Run[] = [];
  let style = PLAIN;
  let from = 0;
  const put = (to: number): void => {
    const text = seen(drawn.slice(from, to));
    if (text !== "") runs.push({ ...style, text });
  };
  for (const found of drawn.matchAll(sequences)) {
    put(found.index);
    from = found.index + found[0].length;
    if (/^\u001b\[[\d;:]*m$/.test(found[0])) style = restyled(style, found[0].slice(2, -1));
  }
  put(drawn.length);
  return runs;
}

/** A carriage return begins the line anew, as progress bars do. */
function lastDrawn(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").findLast((part) => part !== "") ?? "";
}

function restyled(before: Style, parameters: string): Style {
  let style = before;
  const codes = (parameters === "" ? "0" : parameters).split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48 || code === 58) {
      const isIndexed = codes[at + 1] === 5;
      const values = codes.slice(at + 2, at + (isIndexed ? 3 : 5));
      if (code === 38) style = { ...style, colour: isIndexed ? indexed(values[0] ?? 0) : nearest(values) };
      at += isIndexed ? 2 : 4;
    } else style = { ...style, ...change(code) };
  }
  return style;
}

function change(code: number): Partial<Style> {
  if (code === 0) return PLAIN;
  if (code === 1) return { bold: true };
  if (code === 2) return { dim: true };
  if (code === 3) return { italic: true };
  if (code === 4) return { underline: true };
  if (code === 22) return { bold: false, dim: false };
  if (code === 23) return { italic: false };
  if (code === 24) return { underline: false };
  if (code >= 30 && code <= 37) return { colour: code - 30 };
  if (code >= 90 && code <= 97) return { colour: code - 82 };
  return code === 39 ? { colour: null } : {};
}

/** One of 256: sixteen, a cube of six by six by six, and greys. */
function indexed(index: number): number | null {
  if (index < 16) return index;
  if (index >= 232) return index < 244 ? 8 : null;
  const inCube = index - 16;
  const level = (part: number): number => (part === 0 ? 0 : 55 + part * 40);
  return nearest([level(Math.floor(inCube / 36)), level(Math.floor(inCube / 6) % 6), level(inCube % 6)]);
}

/** The one of eight hues that is meant: all of them can be read on any page, which a colour of its own could not. */
function nearest([red = 0, green = 0, blue = 0]: readonly number[]): number | null {
  const most = Math.max(red, green, blue);
  if (most - Math.min(red, green, blue) < 32) return most < 160 ? 8 : null;
  const isLit = (part: number): number => (part > most * 0.6 ? 1 : 0);
  return isLit(red) + 2 * isLit(green) + 4 * isLit(blue);
}
