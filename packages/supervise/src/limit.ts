/**
 * Keeps the head and the tail of a log that would fill the disk, by giving the middle back to the file
 * system while the script goes on writing.
 *
 *   |■■■■ head ■■■■|······ cut: reads as zeros, takes no space ······|■■■■■■■ tail ■■■■■■■|→
 *
 * Size and offsets stay as they are, so neither the writer nor a follower notices. What was cut is said
 * in `X.cut` before it is cut: zeros there are never the script's. Linux only, and only on file systems
 * that can (ext4, XFS, btrfs, tmpfs).
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode, fileSize, type AttemptFiles } from "./attempt-files.ts";

export const HEAD_BYTES = 1024 * 1024;
export const TAIL_BYTES = 64 * 1024 * 1024;

export type KeepEndsOptions = {
  /** Stops looking after the log, after one last look; call it when the attempt has ended. */
  readonly signal: AbortSignal;
  readonly headBytes?: number;
  /** At least so much of the end is kept; up to twice as much lies on disk in between. */
  readonly tailBytes?: number;
  readonly checkMs?: number;
  readonly onCut?: (cut: Cut) => void;
};

/** Bytes `from` to `to` of a log are gone. */
export type Cut = { readonly from: number; readonly to: number };

const CHECK_MS = 500;
/** Holes are made of whole blocks; this is a multiple of every usual size. */
const ALIGN_BYTES = 64 * 1024;

/** Resolves with `stopped` by the signal, or with `unsupported` as soon as a hole could not be made. */
export async function keepEnds(files: AttemptFiles, options: KeepEndsOptions): Promise<"stopped" | "unsupported"> {
  const { signal } = options;
  const tailBytes = options.tailBytes ?? TAIL_BYTES;
  const from = alignUp(options.headBytes ?? HEAD_BYTES);
  // After a restart this is where the daemon before us had come to.
  const before = await readCut(files);
  let cutTo = before?.to ?? from;
  // That daemon may have died between saying so and doing so.
  if (before !== undefined && !(await punch(files.log, before.from, before.to - before.from))) return "unsupported";
  for (;;) {
    const size = await fileSize(files.log);
    if (size - cutTo >= 2 * tailBytes) {
      const to = alignDown(size - tailBytes);
      await writeCut(files, { from, to });
      if (!(await punch(files.log, cutTo, to - cutTo))) {
        if (cutTo === from) await rm(files.cut, { force: true });
        else await writeCut(files, { from, to: cutTo });
        return "unsupported";
      }
      cutTo = to;
      options.onCut?.({ from, to });
    } else if (signal.aborted) {
      return "stopped";
    } else {
      await delay(options.checkMs ?? CHECK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Durable and whole before anything is cut: without it the zeros of the hole would pass for the script's. */
async function writeCut(files: AttemptFiles, { from, to }: Cut): Promise<void> {
  const next = `${files.cut}.next`;
  const handle = await open(next, "w", 0o600);
  try {
    await handle.writeFile(`v1 ${from} ${to}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, files.cut);
}

/** What was cut out of an attempt's log; undefined when it is whole. */
export async function readCut(files: AttemptFiles): Promise<Cut | undefined> {
  let text: string;
  try {
    text = await readFile(files.cut, "latin1");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const found = /^v1 (\d{1,15}) (\d{1,15})$/m.exec(text);
  return found === null ? undefined : { from: Number(found[1]), to: Number(found[2]) };
}

/** From util-linux; asked for only when a log passes its limit. */
const PUNCH_TOOL = "fallocate";

/** Node cannot call fallocate(2); a process a few times a minute at most is cheap enough. */
async function punch(path: string, offset: number, length: number): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const { execa } = await import("execa");
  const argv = ["--punch-hole", "--offset", String(offset), "--length", String(length), path];
  const result = await execa(PUNCH_TOOL, argv, {
    reject: false,
    stdio: "ignore",
    extendEnv: false,
    env: { PATH: "/usr/bin:/bin" },
  });
  return !result.failed;
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

function alignDown(bytes: number): number {
  return Math.floor(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}
