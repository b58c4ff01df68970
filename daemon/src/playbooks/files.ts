import { type Stats, statSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { decodeText } from "@aither/protocol";

/** A file as a folder walk sees it. */
export type FoundFile = { readonly path: string; readonly name: string };

const skippedFolders = new Set(["node_modules", ".git", ".orchestration-jobs"]);
const DEPTH_MAX = 12;
const FILES_MAX = 20_000;

/** All files below a folder that pass `test`, in order of their paths. A folder that is not there has none. */
export async function filesBelow(root: string, test: (name: string) => boolean): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > DEPTH_MAX || found.length >= FILES_MAX) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(path)));
      if (isFolder) {
        if (!skippedFolders.has(entry.name)) await walk(path, depth + 1);
      } else if (test(entry.name)) found.push({ path, name: entry.name });
    }
  };
  // Most of the places where something could be are not there, and a failed call of the thread pool is dear.
  if (await isDirectory(root)) await walk(root, 0);
  return found;
}

export async function isDirectory(path: string): Promise<boolean> {
  return kindOf(path)?.isDirectory() ?? false;
}

export async function isFile(path: string): Promise<boolean> {
  return kindOf(path)?.isFile() ?? false;
}

/** Synchronous, for the reason given at `fileCache`. */
function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The first bytes of a file as text. */
export async function readHead(path: string, bytes: number): Promise<string> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
    return decodeText(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Remembers what was made of a file until its size or time of change differs. The oldest entries go first. */
export function fileCache<T>(make: (path: string, size: number) => Promise<T>): (path: string) => Promise<T> {
  const entries = new Map<string, { readonly stamp: string; readonly value: T }>();
  return async (path) => {
    // Hundreds of files are asked about in one go: the synchronous call takes microseconds where a trip through the
    // thread pool takes ten times as long.
    const { mtimeMs, size, ino } = statSync(path);
    const stamp = `${mtimeMs}:${size}:${ino}`;
    const known = entries.get(path);
    if (known?.stamp === stamp) return known.value;
    const value = await make(path, size);
    entries.delete(path);
    entries.set(path, { stamp, value });
    if (entries.size > CACHE_ENTRIES_MAX) entries.delete(entries.keys().next().value!);
    return value;
  };
}

const CACHE_ENTRIES_MAX = 5_000;
