/** Hides the secrets of a job wherever somebody reads what it wrote or says. The files themselves stay as they are. */
import type { Json } from "@aither/protocol";
import { formsOf, namedFormsOf } from "./forms.ts";
import { Matcher } from "./matcher.ts";
import { ESCAPES_BYTES_MAX, Scanner } from "./scanner.ts";

export const MASK = "***";
const MASK_BYTES = Buffer.from(MASK);
/** So much of a secret whose other part is missing is hidden like the whole. */
const PIECE_BYTES_MIN = 4;

/** What stands before the place from which something is masked. */
export type Context = {
  /** The bytes right before it: at least as many as `reach`, or all there are of the line. */
  readonly before: Uint8Array;
  /** What was before those is gone: they may begin with the rest of a secret. */
  readonly isCut: boolean;
};

export class Masker {
  readonly #forms: readonly Buffer[];
  readonly #matcher: Matcher;

  /** `named`: by scripts, which may name many and long ones. */
  constructor(given: Iterable<string>, named: Iterable<string> = []) {
    this.#forms = [...[...new Set(given)].flatMap(formsOf), ...[...new Set(named)].flatMap(namedFormsOf)];
    this.#matcher = new Matcher(this.#forms);
  }

  /** Nothing is long enough to be looked for. */
  get isEmpty(): boolean {
    return this.#matcher.longest === 0;
  }

  /** So many bytes before a place decide what is masked from it on, unless a line begins there. */
  get reach(): number {
    return this.#matcher.longest * (1 + ESCAPES_BYTES_MAX) + ESCAPES_BYTES_MAX;
  }

  stream(from: number, context: Context = { before: new Uint8Array(), isCut: false }): MaskStream {
    return new MaskStream({ matcher: this.#matcher, from, context, ending: (bytes) => this.#ending(bytes) });
  }

  /** From a place where a line begins, and on, a reader hides what this one hides. */
  teach(stream: MaskStream): void {
    stream.learn(this.#matcher, (bytes) => this.#ending(bytes));
  }

  /** So many bytes, from the first one on, may be the end of a secret whose beginning is gone; none if they are few. */
  #ending(bytes: Uint8Array): number {
    let longest = 0;
    for (const form of this.#forms) {
      for (let from = 1; from <= form.length - Math.max(PIECE_BYTES_MIN, longest + 1); from += 1) {
        if (form[from] !== bytes[0]) continue;
        const end = form.subarray(from);
        if (end.length <= bytes.length && end.equals(bytes.subarray(0, end.length))) longest = end.length;
      }
    }
    return longest;
  }

  text(text: string): string {
    const stream = this.stream(0);
    const bytes = Buffer.from(text);
    const settled = stream.push(bytes);
    const all = Buffer.concat([settled, stream.rest()]);
    const masked = stream.render(all, bytes.length);
    return masked.equals(bytes) ? text : masked.toString("utf8");
  }

  /** A document of ours with all its texts masked, names of fields included. What we say of ourselves stays. */
  document<T>(value: T): T {
    return this.#inner(value as Json, "ours") as T;
  }

  #inner(value: Json, whose: "ours" | "theirs"): Json {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => this.#inner(item, whose));
    if (typeof value !== "object" || value === null) return value;
    const pairs = Object.entries(value).map(([name, item]): [string, Json] => {
      if (whose === "ours" && stays.has(name) && typeof item === "string") return [name, item];
      const inner = whose === "theirs" || theirs.has(name) ? "theirs" : "ours";
      return [whose === "theirs" ? this.text(name) : name, this.#inner(item, inner)];
    });
    return Object.fromEntries(pairs);
  }
}

/** Fields whose text is made by us alone: a secret that looks the same by chance must not break them. */
const stays: ReadonlySet<string> = new Set(
  (
    "apiVersion jobId type time queuedAt startedAt endedAt at status format digest instance cursor bootId parent code " +
    "kind role decision is stream on channel"
  ).split(" "),
);

/** Fields that hold whatever names and values people chose. */
const theirs: ReadonlySet<string> = new Set(["variables", "matrix", "outputs", "passedOutputs", "env", "headers"]);

type StreamOptions = {
  readonly matcher: Matcher;
  readonly from: number;
  readonly context: Context;
  readonly ending: (bytes: Uint8Array) => number;
};

/**
 * One reader's way through one file. `push` gives back the bytes, unmasked, whose fate is settled; `render` masks them.
 * The masked text of two ranges that follow each other is the masked text of both: it does not matter where a reader
 * stopped, or how what it reads is cut. A reader that begins within a secret sees nothing of what is left of it.
 */
export class MaskStream {
  #matcher: Matcher;
  #ending: (bytes: Uint8Array) => number;
  #scanner: Scanner;
  /** What is to be scanned together with the first bytes behind a cut; null elsewhere. */
  #behindCut: Uint8Array | null;
  /** Bytes that may still be the beginning of a secret. */
  #held: Buffer = Buffer.alloc(0);
  /** Offset of the first of them. */
  #from: number;

  constructor({ matcher, from, context, ending }: StreamOptions) {
    this.#matcher = matcher;
    this.#ending = ending;
    this.#scanner = new Scanner(matcher, from - context.before.length);
    this.#behindCut = context.isCut ? context.before : null;
    if (!context.isCut) this.#scanner.push(context.before);
    this.#from = from;
  }

  /** What comes next begins a line. */
  learn(matcher: Matcher, ending: (bytes: Uint8Array) => number): void {
    this.#matcher = matcher;
    this.#ending = ending;
    this.#scanner.learn(matcher);
  }

  /** All was given up to a place from which to another one nothing is there any more; it goes on behind that. */
  cutTo(from: number): void {
    this.#scanner = new Scanner(this.#matcher, from);
    this.#behindCut = new Uint8Array();
    this.#from = from;
  }

  push(bytes: Buffer): Buffer {
    if (this.#behindCut === null) this.#scanner.push(bytes);
    else {
      const all = Buffer.concat([this.#behindCut, bytes]);
      this.#scanner.mask(this.#ending(all));
      this.#scanner.push(all);
      this.#behindCut = null;
    }
    return this.#release(bytes, Math.max(this.#from, this.#scanner.settled));
  }

  /** Nothing more will come, ever: what was held back. */
  rest(): Buffer {
    this.#scanner.end(PIECE_BYTES_MIN);
    return this.#release(Buffer.alloc(0), this.#from + this.#held.length);
  }

  /** Masks settled bytes, the last of which is right before `end`. To be called with all of them, in order. */
  render(bytes: Buffer, end: number): Buffer {
    const from = end - bytes.length;
    const parts: Buffer[] = [];
    let shown = from;
    for (const run of this.#scanner.runs(from)) {
      if (run.from >= end) break;
      if (run.to <= from) continue;
      if (run.from > shown) parts.push(bytes.subarray(shown - from, run.from - from));
      if (run.from >= from) parts.push(MASK_BYTES);
      shown = Math.min(end, run.to);
    }
    if (shown === from && parts.length === 0) return bytes;
    parts.push(bytes.subarray(shown - from));
    return Buffer.concat(parts);
  }

  #release(bytes: Buffer, until: number): Buffer {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const count = until - this.#from;
    this.#held = all.subarray(count);
    this.#from = until;
    return all.subarray(0, count);
  }
}
