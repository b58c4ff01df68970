/**
 * The files of one attempt: their names and the shapes inside them. This is the whole protocol
 * between the daemon and the wrapper, so what is written here can only be added to, never changed:
 * a wrapper started by an older daemon may still be running.
 */
import { closeSync, fstatSync, lstatSync, openSync, readlinkSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { constants as osConstants } from "node:os";

/** Paths of one attempt. `stem` is `<key>.<n>`, already encoded for a file name. */
export type AttemptFiles = {
  readonly dir: string;
  readonly stem: string;
  /** The path all the others are made from: `dir/stem`. */
  readonly base: string;
  /** A symlink made once, by the wrapper (a claim) or by the daemon (a fence). */
  readonly claim: string;
  /** Pre-allocated by the daemon, overwritten in place by the wrapper. */
  readonly exit: string;
  readonly log: string;
  /** Only with `separateStderr`. */
  readonly err: string;
  /** 16-byte records (offset, time) written by the daemon's tail. */
  readonly idx: string;
  /** The same for `err`. */
  readonly errIdx: string;
  /** Says which middle part of the log was given back to the disk; see `limit.ts`. */
  readonly cut: string;
  /** The FIFO of a script that takes input. */
  readonly stdin: string;
};

export function attemptFiles(dir: string, stem: string): AttemptFiles {
  const base = join(dir, stem);
  return {
    dir,
    stem,
    base,
    claim: `${base}.claim`,
    exit: `${base}.exit`,
    log: `${base}.log`,
    err: `${base}.err`,
    idx: `${base}.idx`,
    errIdx: `${base}.err.idx`,
    cut: `${base}.cut`,
    stdin: `${base}.in`,
  };
}

/**
 * Which process, beyond doubt: pids are reused, start times within one boot are not.
 * `startTime` is field 22 of `/proc/pid/stat` (clock ticks since boot) or, where there is no
 * `/proc`, the text of `ps -o lstart=` with `_` for blanks. `-` stands for unknown.
 */
export type ProcessRef = {
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: string;
};

/** What a claim symlink says. */
export type Claim =
  | { readonly kind: "claimed"; readonly process: ProcessRef }
  | { readonly kind: "fenced"; readonly daemonId: string };

/** What was found at the place of a claim; `startedAt` is the link's mtime in Unix ms. */
export type ClaimFound = Claim & { readonly startedAt: number };

export function formatClaim(claim: Claim): string {
  if (claim.kind === "fenced") return `v1 fence ${claim.daemonId}`;
  const { bootId, pid, startTime } = claim.process;
  return `v1 ${bootId} ${pid} ${startTime}`;
}

/** Undefined means the text is no claim of ours; a symlink is atomic, so it is never a torn one. */
export function parseClaim(text: string): Claim | undefined {
  const fence = /^v1 fence (\S+)$/.exec(text);
  if (fence?.[1] !== undefined) return { kind: "fenced", daemonId: fence[1] };
  const found = /^v1 (\S+) ([1-9][0-9]{0,14}) (\S+)$/.exec(text);
  if (found === null) return undefined;
  const [, bootId = "-", pid = "", startTime = "-"] = found;
  return { kind: "claimed", process: { bootId, pid: Number(pid), startTime } };
}

// The reads below are synchronous inside: names and bytes were written a moment ago and lie in the kernel's memory, so
// a call takes microseconds, where a trip through the thread pool takes ten times as long and a script has several.

/** Something stands in the place of a claim that neither a wrapper nor a daemon put there. */
export class ClaimUnreadable extends Error {
  constructor(what: string) {
    super(what);
    this.name = "ClaimUnreadable";
  }
}

/** Reads a claim; undefined when nobody has claimed yet. Throws `ClaimUnreadable` when the place holds something else. */
export async function readClaim(files: AttemptFiles): Promise<ClaimFound | undefined> {
  let text: string;
  try {
    text = readlinkSync(files.claim);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "EINVAL") throw new ClaimUnreadable(`${files.claim} is no claim: it is no link`);
    throw error;
  }
  const claim = parseClaim(text);
  if (claim === undefined) throw new ClaimUnreadable(`${files.claim} is no claim: it leads to ${text}`);
  const { mtimeMs } = lstatSync(files.claim);
  return { ...claim, startedAt: mtimeMs };
}

/** Size of a pre-allocated exit record, in bytes. Overwriting needs no new disk block. */
export const EXIT_RECORD_BYTES = 128;
/** A record may be longer than what was allocated for it, where a shell says much about times. */
const EXIT_READ_BYTES = 4096;

/**
 * How the script ended. `code` is what the shell saw, with signals folded to 128+n; `signal` is set
 * when the code is such a fold. A script that itself exits with 137 looks the same: nothing between
 * us and the kernel can tell, so speak of it as "probably killed".
 */
export type ExitRecord = {
  readonly result:
    | { readonly kind: "exited"; readonly code: number; readonly signal: NodeJS.Signals | undefined }
    /** The script never ran: its working directory could not be entered. */
    | { readonly kind: "setup"; readonly reason: string };
  /** CPU time of the script and the children it waited for. */
  readonly userMs: number;
  readonly systemMs: number;
};

/** `endedAt` is the record's mtime in Unix ms. */
export type ExitFound = ExitRecord & { readonly endedAt: number };

/** What `preallocateExit` writes: no sentinel, so it reads as "not ended". */
export function blankExitRecord(): Buffer {
  return Buffer.alloc(EXIT_RECORD_BYTES, "\n");
}

/** Undefined until the sentinel line is complete: an unfinished record is no record. */
export function parseExit(text: string): ExitRecord | undefined {
  const sentinel = /^exit (\S{1,1000}) \.$/m.exec(text);
  if (sentinel?.[1] === undefined) return undefined;
  const children = text.slice(0, sentinel.index).trimEnd().split("\n").at(-1) ?? "";
  const [userMs = 0, systemMs = 0] = [...children.matchAll(/(\d{1,9})m\s*(\d{1,9})[.,](\d{1,9})s/g)].map(
    ([, minutes, seconds, fraction]) =>
      Math.round((Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`)) * 1000),
  );
  return { result: exitResult(sentinel[1]), userMs, systemMs };
}

function exitResult(word: string): ExitRecord["result"] {
  if (!/^\d{1,9}$/.test(word)) return { kind: "setup", reason: word.replace(/^setup:/, "") };
  // ksh93 folds signals into 256+n where every other shell says 128+n.
  const code = Number(word) > 255 ? Number(word) - 128 : Number(word);
  return { kind: "exited", code, signal: signalOfCode(code) };
}

const signalNames = new Map<number, NodeJS.Signals>();
for (const [name, number] of Object.entries(osConstants.signals)) {
  // The first name of a number is the usual one (SIGABRT before SIGIOT).
  if (!signalNames.has(number)) signalNames.set(number, name as NodeJS.Signals);
}

/** The signal a code of 128+n stands for, or undefined when it stands for none. */
export function signalOfCode(code: number): NodeJS.Signals | undefined {
  return code > 128 ? signalNames.get(code - 128) : undefined;
}

/** Reads an exit record; undefined when there is none yet or it is not finished. */
export async function readExit(files: AttemptFiles): Promise<ExitFound | undefined> {
  let text: string;
  let endedAt: number;
  try {
    const fd = openSync(files.exit, "r");
    try {
      const bytes = Buffer.allocUnsafe(EXIT_READ_BYTES);
      text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0));
      endedAt = fstatSync(fd).mtimeMs;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const record = parseExit(text);
  return record === undefined ? undefined : { ...record, endedAt };
}

/** Size of a file in bytes, 0 when it does not exist. */
export async function fileSize(path: string): Promise<number> {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
