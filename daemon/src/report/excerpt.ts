/** Beginning and end of what a script wrote, in lines, masked. */
import type { OutputRef } from "../host.ts";
import { maskedPieces, type Readable } from "../api/logs/masked.ts";
import type { Masker } from "../secrets/masker.ts";
import { leftOutLine } from "../store/left-out.ts";
import { visible } from "./ansi.ts";

export type ExcerptOrder = {
  readonly ref: OutputRef;
  /** At most so many bytes of the file: a quarter from its beginning, the rest from its end. */
  readonly bytesMax: number;
  /** Nobody writes to it any more. */
  readonly isOver: boolean;
};

/**
 * The lines, with their colours, but without their ends; one says what was left out. Secrets are masked in the bytes,
 * and again in what is left of a line without its escape sequences: taking them away never brings a secret together.
 */
export async function excerpt(host: Readable, { ref, bytesMax, isOver }: ExcerptOrder): Promise<string[]> {
  const { output, secrets } = host.store;
  const size = await output.size(ref);
  const read = async (from: number, to: number): Promise<string> => {
    const parts: Buffer[] = [];
    // A secret that the end of the beginning cuts in two is kept back: it is neither here nor there.
    const pieces = maskedPieces(host, { ref, from, pieces: output.read(ref, from, to) }, () => to === size && isOver);
    for await (const { bytes } of pieces) parts.push(bytes);
    return Buffer.concat(parts).toString("utf8");
  };
  if (size <= bytesMax) {
    const lines = linesOf(await read(0, size));
    return shown(lines, await secrets.of(ref.jobId));
  }
  const headBytes = Math.floor(bytesMax / 4);
  const tailFrom = size - (bytesMax - headBytes);
  const head = wholeLines(await read(0, headBytes), "head");
  const tail = wholeLines(await read(tailFrom, size), "tail");
  const leftOut = size - Buffer.byteLength(head) - Buffer.byteLength(tail);
  return shown([...linesOf(head), leftOutLine(leftOut), ...linesOf(tail)], await secrets.of(ref.jobId));
}

/** A line that is cut is left out, unless it is all there is. */
function wholeLines(text: string, part: "head" | "tail"): string {
  const at = part === "head" ? text.lastIndexOf("\n") : text.indexOf("\n");
  if (at === -1) return text;
  return part === "head" ? text.slice(0, at + 1) : text.slice(at + 1);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** `::add-mask::` names what nobody is to see, so it is not shown. */
function shown(lines: readonly string[], masker: Masker | null): string[] {
  return lines.filter((line) => !/^\s*::add-mask::/i.test(line)).map((line) => safe(line.replace(/\r$/, ""), masker));
}

function safe(line: string, masker: Masker | null): string {
  if (masker === null || !/[\u001b\r]/.test(line)) return line;
  const text = visible(line);
  const masked = masker.text(text);
  return masked === text ? line : masked;
}
