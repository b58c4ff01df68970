/**
 * Speaking to a script that was started with `stdin: true`. Its FIFO's write end is held open by a
 * process of the wrapper's, so a sender may come and go; only `endInput` is an end of input.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode, type AttemptFiles } from "./attempt-files.ts";

/**
 * - `sent`: the kernel has all of it; the script reads it when it likes.
 * - `closed`: there is no input (not asked for, not open yet, or the script has ended).
 * - `full`: the script does not read; so many bytes went in before the time was up.
 */
export type InputResult =
  | { readonly kind: "sent" }
  | { readonly kind: "closed" }
  | { readonly kind: "full"; readonly bytesSent: number };

const FULL_AFTER_MS = 2_000;
const RETRY_MS = 20;

export async function sendInput(
  files: AttemptFiles,
  bytes: Uint8Array,
  options: { readonly timeoutMs?: number } = {},
): Promise<InputResult> {
  return writeFifo(files.stdin, bytes, options.timeoutMs ?? FULL_AFTER_MS);
}

/** The script reads what was sent before and then the end of its input. Once; later calls find it closed. */
export async function endInput(files: AttemptFiles): Promise<InputResult> {
  return writeFifo(`${files.base}.eof`, Buffer.from("\n"), FULL_AFTER_MS);
}

async function writeFifo(path: string, bytes: Uint8Array, timeoutMs: number): Promise<InputResult> {
  const until = performance.now() + timeoutMs;
  let bytesSent = 0;
  let handle;
  try {
    // Without a reader this fails at once; a blocking open would hold a thread for ever.
    handle = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    while (bytesSent < bytes.byteLength) {
      try {
        bytesSent += (await handle.write(bytes, bytesSent)).bytesWritten;
      } catch (error) {
        if (errorCode(error) !== "EAGAIN") throw error;
        if (performance.now() >= until) return { kind: "full", bytesSent };
        await delay(RETRY_MS);
      }
    }
    return { kind: "sent" };
  } catch (error) {
    if (["ENOENT", "ENXIO", "EPIPE"].includes(errorCode(error) ?? "")) return { kind: "closed" };
    throw error;
  } finally {
    await handle?.close();
  }
}
