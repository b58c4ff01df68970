/** Puts a stored result in its place: first everything is read against its digests, then file by file by a rename. */
import { lstat, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { recordOffset, type AttemptFiles } from "@aither/supervise";
import { makeFolder } from "../exec/workspace-files.ts";
import type { Blobs } from "./blobs.ts";
import { digestOfFile } from "./digest.ts";
import { writtenPath, type Entry, type KeptFile } from "./entries.ts";

export type Restoring = {
  readonly entry: Entry;
  readonly blobs: Blobs;
  readonly workspace: string;
  readonly files: AttemptFiles;
  /** Asked before the first file is touched: a cancel may have come. */
  readonly mayGoOn: () => boolean;
};

/** False when it was not wanted any more. Throws `BlobDamaged`, or what the disk said. */
export async function restore({ entry, blobs, workspace, files, mayGoOn }: Restoring): Promise<boolean> {
  for (const blob of [...entry.written, ...entry.files]) await blobs.verify(blob);
  if (!mayGoOn()) return false;
  const root = await realpath(workspace);
  for (const file of entry.files) await restoreFile(file, { root, blobs });
  for (const blob of entry.written) {
    await blobs.copyTo(blob, writtenPath(files, blob.ending), 0o600);
    if (blob.bytes === 0 || blob.ending === "summary") continue;
    recordOffset(blob.ending === "log" ? files.idx : files.errIdx, blob.bytes);
  }
  return true;
}

async function restoreFile(file: KeptFile, { root, blobs }: { root: string; blobs: Blobs }): Promise<void> {
  const folder = await makeFolder(root, dirname(file.path));
  const target = join(folder, basename(file.path));
  if (await isSame(target, file)) return;
  // Its name follows from its content: one that a crash left is replaced by whoever comes next.
  const temporary = join(folder, `.restoring-${file.digest.slice(0, 16)}`);
  try {
    await blobs.copyTo(file, temporary, file.mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** What is as it should be is left alone, with its time. */
async function isSame(path: string, file: KeptFile): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return false;
  if (found.size !== file.bytes || (found.mode & 0o777) !== file.mode) return false;
  return (await digestOfFile(path)) === file.digest;
}
