/**
 * Finds, in bytes that come in any pieces, those that belong to a secret.
 *
 * A byte is masked when an occurrence covers it; what was found so far is settled as soon as nothing that may still come
 * can change it. Held back is only what really is the beginning of a secret, never more. A secret ends with its line.
 *
 * Occurrences are looked for twice: in the bytes as they are, and (where a line holds escape sequences, as colours do)
 * in the same bytes without them.
 */
import { type Matcher, type Node } from "./matcher.ts";

const NEWLINE = 0x0a;
const ESCAPE = 0x1b;
/** More than this between two bytes that are seen, and they do not stand side by side on anybody's screen. */
export const ESCAPES_BYTES_MAX = 64;

type Mask = (from: number, to: number) => void;

/** Bytes `from` to `to` (not included) are masked. Offsets are those of the file. */
export type Run = { readonly from: number; readonly to: number };

export class Scanner {
  #matcher: Matcher;
  /** Offset of the next byte. */
  #at: number;
  #node: Node = 0;
  /** Set from the first escape sequence of a line to its end. */
  #visible: Visible | null = null;
  /** Sorted, without overlaps, and never side by side. */
  #runs: { from: number; to: number }[] = [];

  constructor(matcher: Matcher, at: number) {
    this.#matcher = matcher;
    this.#at = at;
  }

  /** All bytes before this offset are known to be masked, or not. */
  get settled(): number {
    const raw = this.#at - this.#matcher.depth(this.#node);
    const held = this.#visible === null ? raw : Math.min(raw, this.#visible.heldFrom(this.#at));
    // What is masked already stays so, whatever comes.
    const run = this.#runs.findLast((one) => one.from <= held);
    return run === undefined ? held : Math.max(held, run.to);
  }

  push(bytes: Uint8Array): void {
    const matcher = this.#matcher;
    const start = this.#at;
    let node = this.#node;
    for (let index = 0; index < bytes.length; index += 1) {
      if (node === 0 && (this.#visible === null || this.#visible.isIdle)) {
        index = matcher.skip(bytes, index);
        if (index === bytes.length) break;
      }
      const byte = bytes[index]!;
      const at = start + index;
      if (byte === NEWLINE) {
        node = 0;
        this.#visible = null;
        continue;
      }
      if (byte === ESCAPE) this.#visible ??= new Visible(matcher, { node, at, mask: this.#mask });
      this.#visible?.push(byte, at);
      node = matcher.step(node, byte);
      const length = matcher.found(node);
      if (length > 0) this.#mask(at + 1 - length, at + 1);
    }
    this.#node = node;
    this.#at = start + bytes.length;
  }

  /** What comes next begins a line, and is looked through for more. */
  learn(matcher: Matcher): void {
    this.#matcher = matcher;
    this.#node = 0;
    this.#visible = null;
  }

  /** The next so many bytes are masked, whatever they are. */
  mask(bytes: number): void {
    if (bytes > 0) this.#mask(this.#at, this.#at + bytes);
  }

  /** Nothing more comes: a beginning long enough to say something is masked like the whole. */
  end(piece: number): void {
    const held = this.#at - this.settled;
    if (held >= piece) this.#mask(this.settled, this.#at);
    this.#node = 0;
    this.#visible = null;
  }

  /** What is masked, as far as it reaches behind `from`; for settled bytes it is final. */
  runs(from: number): readonly Run[] {
    // One that ends right before stays, too: who comes next must know whether a run begins or goes on.
    let done = 0;
    while (done < this.#runs.length && this.#runs[done]!.to < from) done += 1;
    if (done > 0) this.#runs.splice(0, done);
    return this.#runs;
  }

  readonly #mask = (from: number, to: number): void => {
    const runs = this.#runs;
    let first = runs.length;
    while (first > 0 && runs[first - 1]!.to >= from) first -= 1;
    let last = first;
    const run = { from, to };
    while (last < runs.length && runs[last]!.from <= to) {
      run.from = Math.min(run.from, runs[last]!.from);
      run.to = Math.max(run.to, runs[last]!.to);
      last += 1;
    }
    runs.splice(first, last - first, run);
  };
}

/** The bytes of a line as they are seen: without escape sequences (ECMA-48). */
class Visible {
  readonly #matcher: Matcher;
  readonly #mask: Mask;
  #node: Node;
  /** Offsets of the last bytes that were seen, in a ring. */
  readonly #offsets: Float64Array;
  #count = 0;
  #inside: "text" | "escape" | "parameters" = "text";
  /** Bytes of escape sequences since the last one that was seen. */
  #escapes = 0;

  /** From an escape sequence at `at` on; `node` is what stands before it. */
  constructor(matcher: Matcher, { node, at, mask }: { node: Node; at: number; mask: Mask }) {
    this.#matcher = matcher;
    this.#node = node;
    this.#mask = mask;
    this.#offsets = new Float64Array(matcher.longest + 1);
    const depth = matcher.depth(node);
    for (let offset = at - depth; offset < at; offset += 1) this.#seen(offset);
  }

  /** Nothing is expected, and no escape sequence goes on. */
  get isIdle(): boolean {
    return this.#node === 0 && this.#inside === "text";
  }

  heldFrom(at: number): number {
    const depth = this.#matcher.depth(this.#node);
    return depth === 0 ? at : this.#offset(depth);
  }

  push(byte: number, at: number): void {
    if (this.#isEscape(byte)) {
      this.#escapes += 1;
      if (this.#escapes > ESCAPES_BYTES_MAX) this.#node = 0;
      return;
    }
    this.#escapes = 0;
    this.#seen(at);
    this.#node = this.#matcher.step(this.#node, byte);
    const length = this.#matcher.found(this.#node);
    for (let back = length; back > 0; back -= 1) {
      const offset = this.#offset(back);
      this.#mask(offset, offset + 1);
    }
  }

  #isEscape(byte: number): boolean {
    if (byte === ESCAPE) {
      this.#inside = "escape";
      return true;
    }
    if (this.#inside === "text") return false;
    if (this.#inside === "escape" && byte === 0x5b) {
      this.#inside = "parameters";
      return true;
    }
    const isMiddle = byte >= 0x20 && byte <= (this.#inside === "parameters" ? 0x3f : 0x2f);
    const isLast = byte >= (this.#inside === "parameters" ? 0x40 : 0x30) && byte <= 0x7e;
    if (!isMiddle) this.#inside = "text";
    return isMiddle || isLast;
  }

  #seen(offset: number): void {
    this.#offsets[this.#count % this.#offsets.length] = offset;
    this.#count += 1;
  }

  /** Of the byte that was seen so many bytes ago; 1 is the last one. */
  #offset(back: number): number {
    return this.#offsets[(this.#count - back) % this.#offsets.length]!;
  }
}
