import { type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { decodeText } from "@aither/protocol";
import { breather } from "../breather.ts";
import { folderReader } from "./folders.ts";

/** A file as a folder walk sees it. */
export type FoundFile = { readonly path: string; readonly name: string };

const skippedFolders = new Set(["node_modules", ".git", ".orchestration-jobs"]);
const DEPTH_MAX = 12;
const FILES_MAX = 20_000;

/**
 * All files below a folder that pass `test`, in order of their paths. A folder that is not there has none. Folders are
 * read synchronously, for the reason given at `fileCache`; between two of them everybody else may have a turn.
 */
export async function filesBelow(root: string, test: (name: string) => boolean): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const breathe = breather();
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > DEPTH_MAX || found.length >= FILES_MAX) return;
    for (const { name, path, kind } of entriesOf(folder)) {
      const isFolder = kind === "folder" || (kind === "link" && isFolderNow(path));
      if (isFolder) {
        if (skippedFolders.has(name)) continue;
        await breathe();
        await walk(path, depth + 1);
      } else if (test(name)) found.push({ path, name });
    }
  };
  await walk(root, 0);
  return found;
}

const entriesOf = folderReader();

function isFolderNow(path: string): boolean {
  return kindOf(path)?.isDirectory() ?? false;
}

export async function isDirectory(path: string): Promise<boolean> {
  return isFolderNow(path);
}

export async function isFile(path: string): Promise<boolean> {
  return isFileNow(path);
}

export function isFileNow(path: string): boolean {
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

type Known<T> = { readonly mtimeMs: number; readonly size: number; readonly ino: number; readonly value: T };

/**
 * Remembers what was made of a file until its size or time of change differs. The oldest entries go first. What is known
 * comes at once, without a promise; it throws where there is no file.
 */
export function fileCache<T>(make: (path: string, size: number) => Promise<T>): (path: string) => T | Promise<T> {
  const entries = new Map<string, Known<T>>();
  return (path) => {
    // Hundreds of files are asked about in one go: the synchronous call takes microseconds where a trip through the
    // thread pool takes ten times as long.
    const { mtimeMs, size, ino } = statSync(path);
    const known = entries.get(path);
    if (known?.mtimeMs === mtimeMs && known.size === size && known.ino === ino) return known.value;
    return make(path, size).then((value) => {
      entries.delete(path);
      entries.set(path, { mtimeMs, size, ino, value });
      if (entries.size > CACHE_ENTRIES_MAX) entries.delete(entries.keys().next().value!);
      return value;
    });
  };
}

const CACHE_ENTRIES_MAX = 5_000;
