import { type Dirent, readdirSync, type Stats, statSync } from "node:fs";
import { join, sep } from "node:path";

/** What a folder holds, in order of the names. Where a link leads may change without the folder. */
export type FolderEntry = {
  readonly name: string;
  readonly path: string;
  readonly kind: "folder" | "link" | "file";
};

type Kept = Pick<Stats, "ctimeMs" | "ino" | "dev"> & { readonly entries: readonly FolderEntry[] };

/**
 * A folder that changes within the same tick of its file system's clock in which it was read looks as it did: one is kept
 * only when its last change was longer ago than the coarsest clock ticks.
 */
const SETTLED_MS = 3_000;
/** More of them, or larger ones, are read each time. */
const FOLDERS_MAX = 500;
const ENTRIES_MAX = 5_000;

/**
 * Reads folders. One that has not changed since, by the time of change that nobody can set, is not read again. What is
 * no folder, or cannot be read, has no entries. `now` in milliseconds since 1970.
 */
export function folderReader(now: () => number = Date.now): (folder: string) => readonly FolderEntry[] {
  const kept = new Map<string, Kept>();
  return (folder) => {
    const stats = statsOf(folder);
    if (stats?.isDirectory() !== true) return [];
    const { ctimeMs, ino, dev } = stats;
    const known = kept.get(folder);
    if (known?.ctimeMs === ctimeMs && known.ino === ino && known.dev === dev) return known.entries;
    kept.delete(folder);
    const entries = read(folder);
    if (entries === null) return [];
    if (now() - ctimeMs < SETTLED_MS || entries.length > ENTRIES_MAX) return entries;
    kept.set(folder, { ctimeMs, ino, dev, entries });
    if (kept.size > FOLDERS_MAX) kept.delete(kept.keys().next().value!);
    return entries;
  };
}

function statsOf(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function read(folder: string): FolderEntry[] | null {
  let found: Dirent[];
  try {
    found = readdirSync(folder, { withFileTypes: true });
  } catch {
    return null;
  }
  const inside = join(folder, sep);
  return found
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({
      name: entry.name,
      path: inside + entry.name,
      kind: entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : "file",
    }));
}
