/**
 * Exactly one starter per attempt. The wrapper and the daemon race for the same symlink; the kernel
 * lets one of them win, and what the link says tells everybody who it was.
 */
import { symlink } from "node:fs/promises";
import {
  blankExitRecord,
  errorCode,
  formatClaim,
  readClaim,
  type AttemptFiles,
  type ClaimFound,
} from "./attempt-files.ts";
import type { DurableFs } from "./durable-fs.ts";

/** `fenced`: no wrapper will ever run this attempt. `exists`: somebody was first; read who. */
export type FenceResult = { readonly kind: "fenced" } | { readonly kind: "exists"; readonly claim: ClaimFound };

/**
 * Forbids an attempt from starting. Safe to call any number of times and from any daemon life: an
 * attempt that already runs is never disturbed, and its claim comes back.
 * `daemonId` must be a word without blanks.
 */
export async function fence(files: AttemptFiles, daemonId: string): Promise<FenceResult> {
  if (!/^\S+$/.test(daemonId)) throw new Error(`a daemon id is one word: ${JSON.stringify(daemonId)}`);
  try {
    await symlink(formatClaim({ kind: "fenced", daemonId }), files.claim);
    return { kind: "fenced" };
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  const claim = await readClaim(files);
  if (claim === undefined) throw new Error(`a claim vanished while it was read: ${files.claim}`);
  return { kind: "exists", claim };
}

/**
 * Makes the empty exit record and puts it on disk, before the intent to start is recorded. With its
 * blocks in place the exit code can be written even when the disk is full. Its name is durable once
 * the caller syncs the directory.
 * An existing record is left alone: it may already hold a code.
 */
export async function preallocateExit(fs: DurableFs, files: AttemptFiles): Promise<void> {
  try {
    await fs.createExclusive(files.exit, blankExitRecord());
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

/** Puts a finished exit record on disk; call it before the end of the attempt is recorded. */
export async function syncExit(fs: DurableFs, files: AttemptFiles): Promise<void> {
  await fs.syncFile(files.exit);
}
