/**
 * `::add-mask::VALUE`, in upper or lower case and alone on its line: by it a script names what nobody is to see from there on, as on GitHub. Here
 * such lines are found in bytes that come in any pieces. A line that may still become one is held until it is clear.
 */
const COMMAND = "::add-mask::";
const NEWLINE = 0x0a;
/** A longer line is none: nobody waits for its end. */
const LINE_BYTES_MAX = 64 * 1024;

/** Bytes that belong together: a line that names a value, whole, or whatever stands between two of these. */
export type Part = { readonly bytes: Buffer; readonly mask: string | null };

export class MaskLines {
  /** So far there are only blanks in this line. */
  #isFresh: boolean;
  /** The beginning of what may become a command. */
  #held: Buffer = Buffer.alloc(0);

  /** Whether the first byte begins a line. */
  constructor(isFresh: boolean) {
    this.#isFresh = isFresh;
  }

  push(bytes: Buffer): Part[] {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = Buffer.alloc(0);
    const parts: Part[] = [];
    let from = 0;
    let at = 0;
    // Most output has none, and only its last line is looked at.
    if (!mayName(all)) at = this.#lastLine(all);
    while (at < all.length) {
      if (this.#isFresh) {
        const begin = skipBlanks(all, at);
        const how = commandAt(all, begin);
        const end = how === "whole" ? all.indexOf(NEWLINE, begin) : -1;
        if (how === "part" || (how === "whole" && end < 0 && all.length - begin <= LINE_BYTES_MAX)) {
          // The bytes may be somebody else's buffer.
          this.#held = Buffer.from(all.subarray(begin));
          add(parts, all.subarray(from, begin));
          return parts;
        }
        if (end >= 0) {
          add(parts, all.subarray(from, begin));
          parts.push({ bytes: all.subarray(begin, end + 1), mask: valueIn(all.subarray(begin, end)) });
          from = at = end + 1;
          continue;
        }
        this.#isFresh = begin === all.length;
        at = begin;
      }
      const next = all.indexOf(NEWLINE, at);
      if (next < 0) break;
      this.#isFresh = true;
      at = next + 1;
    }
    add(parts, all.subarray(from));
    return parts;
  }

  /** Nothing more comes: the last line ends without a line feed. */
  rest(): Part[] {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    this.#isFresh = false;
    if (held.length === 0) return [];
    return [{ bytes: held, mask: commandAt(held, 0) === "whole" ? valueIn(held) : null }];
  }

  /** Something is missing here: what comes next stands somewhere in a line. */
  cut(): void {
    this.#isFresh = false;
  }

  #lastLine(bytes: Buffer): number {
    const last = bytes.lastIndexOf(NEWLINE);
    if (last >= 0) this.#isFresh = true;
    return this.#isFresh ? last + 1 : bytes.length;
  }
}

function add(parts: Part[], bytes: Buffer): void {
  if (bytes.length > 0) parts.push({ bytes, mask: null });
}

/** Quick: all output goes through here. */
function mayName(bytes: Buffer): boolean {
  return bytes.includes("::") && /::add-mask::/i.test(bytes.toString("latin1"));
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
  return at;
}

/** Whether a command begins there, or what may still become one. */
function commandAt(bytes: Buffer, at: number): "whole" | "part" | "none" {
  const there = bytes.toString("latin1", at, at + COMMAND.length).toLowerCase();
  if (there === "" || !COMMAND.startsWith(there)) return "none";
  return there.length === COMMAND.length ? "whole" : "part";
}

/** Its value, in which line feeds and percent signs are escaped. */
function valueIn(line: Buffer): string {
  const text = line.subarray(COMMAND.length).toString("utf8").replace(/\r$/, "");
  return text.replaceAll(/%0D/gi, "\r").replaceAll(/%0A/gi, "\n").replaceAll("%25", "%");
}
