import type { Json } from "@aither/protocol";
import { cast } from "./psd1-cast.ts";

/** What signs between PowerShell's values make of them. */

/** The text is no PowerShell data; `offset` is where. */
export class Wrong extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const signs = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a % b,
};

type Sign = keyof typeof signs;

/** Those that bind tighter than a sum. */
export function isSign(text: string): text is "*" | "/" | "%" {
  return text === "*" || text === "/" || text === "%";
}

export function reckoned(at: number, sign: Sign, left: Json, right: Json): number {
  const made = typeof left === "number" && typeof right === "number" ? signs[sign](left, right) : Number.NaN;
  if (!Number.isFinite(made)) throw new Wrong(at, "these cannot be reckoned with");
  return made;
}

/** `left + right`. Texts and lists grow at their end; a list that `isOwn` is nobody else's, and grows itself. */
export function joined(at: number, left: Json, right: Json, isOwn: boolean): Json {
  if (Array.isArray(left)) {
    const list = isOwn ? (left as Json[]) : [...(left as Json[])];
    for (const item of Array.isArray(right) ? (right as Json[]) : [right]) list.push(item);
    return list;
  }
  if (typeof left !== "string") return reckoned(at, "+", left, right);
  const text = cast("string", right);
  if (!text.ok) throw new Wrong(at, `${text.message}, so nothing can be joined to a text here`);
  return left + (text.value as string);
}
