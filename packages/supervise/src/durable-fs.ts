/**
 * The only writer of state. Every promise "it is on disk" is made by one of these functions, so that
 * one model of a crashing disk (`durable-fs-model.ts`) can check them all.
 *
 *   RawFs        what a file system does: short writes, no promises   (real, or the model)
 *   DurableFs    what we promise on top of it                         (this file, same code for both)
 */
import { basename, dirname, join } from "node:path";
import { errorCode } from "./attempt-files.ts";
import { nodeRawFs, type RawFile, type RawFs } from "./raw-fs.ts";

/** A file that only grows. One caller at a time: `append` and `sync` must not overlap. */
export type AppendHandle = {
  readonly path: string;
  /** Bytes written so far, synced or not. */
  readonly size: number;
  /** Writes all of it or throws; after a failed write the file is cut back to its former size. */
  append(bytes: Uint8Array): Promise<void>;
  /** fdatasync. After it failed once the handle refuses everything: the kernel forgot the pages. */
  sync(): Promise<void>;
  close(): Promise<void>;
};

export type DurableFs = {
  /**
   * Opens a file for appending, makes it (0600) when missing. A new name is durable only after
   * `syncDir(dirname(path))`: group that with the other names made beside it.
   */
  openAppend(path: string): Promise<AppendHandle>;
  /** Makes a new file (0600) with this content and syncs the content; EEXIST when the name is taken. After any other error it is gone again. */
  createExclusive(path: string, bytes: Uint8Array): Promise<void>;
  /** Old content or new content, never a mixture, and the new one for ever once this returns. */
  writeAtomic(path: string, bytes: Uint8Array): Promise<void>;
  /** Cuts a file and syncs it. */
  truncate(path: string, length: number): Promise<void>;
  /** fdatasync of an existing file that somebody else wrote. */
  syncFile(path: string): Promise<void>;
  /** Makes the directory (0700); false when it was there already. */
  makeDir(path: string): Promise<boolean>;
  syncDir(path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** False when there was nothing to remove. */
  unlink(path: string): Promise<boolean>;
  removeDir(path: string): Promise<boolean>;
  readFile(path: string): Promise<Buffer>;
  readDir(path: string): Promise<string[]>;
  readLink(path: string): Promise<string>;
};

/** The disk said no to a sync: what was written since the last one may be gone. Stop, exit 74. */
export class SyncFailed extends Error {
  readonly path: string;
  constructor(path: string, cause: unknown) {
    super(`could not put ${path} on disk: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "SyncFailed";
    this.path = path;
  }
}

const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

/** Syncs in flight at once. Node has four threads for files; a slow disk must not take them all. */
const SYNCS_AT_ONCE = 3;

/** The durable operations over any file system; without an argument, over the real one. */
export function createDurableFs(raw: RawFs = nodeRawFs): DurableFs {
  const gate = createGate(SYNCS_AT_ONCE);
  const synced = async (path: string, sync: () => Promise<void>): Promise<void> =>
    gate(async () => {
      try {
        await sync();
      } catch (error) {
        throw new SyncFailed(path, error);
      }
    });
  const withFile = async <T>(
    path: string,
    how: "create" | "modify",
    use: (file: RawFile) => Promise<T>,
  ): Promise<T> => {
    const file = await raw.open(path, how, FILE_MODE);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  };
  const syncDir = async (path: string): Promise<void> => synced(path, () => raw.syncDir(path));
  const createExclusive = async (path: string, bytes: Uint8Array): Promise<void> => {
    await withFile(path, "create", async (file) => {
      try {
        await writeAll(file, bytes, 0);
        await synced(path, () => file.sync());
      } catch (error) {
        // It is ours and it is not whole: nobody may find it and believe it.
        await raw.unlink(path).catch(() => undefined);
        throw error;
      }
    });
  };
  return {
    openAppend: async (path) => openAppend(raw, path, synced),
    createExclusive,
    writeAtomic: async (path, bytes) => writeAtomic(raw, path, bytes, { createExclusive, syncDir }),
    truncate: async (path, length) =>
      withFile(path, "modify", async (file) => {
        await file.truncate(length);
        await synced(path, () => file.sync());
      }),
    syncFile: async (path) => withFile(path, "modify", (file) => synced(path, () => file.datasync())),
    makeDir: async (path) => unless("EEXIST", raw.makeDir(path, DIR_MODE)),
    syncDir,
    symlink: async (target, path) => raw.symlink(target, path),
    rename: async (from, to) => raw.rename(from, to),
    unlink: async (path) => unless("ENOENT", raw.unlink(path)),
    removeDir: async (path) => unless("ENOENT", raw.removeDir(path)),
    readFile: async (path) => raw.readFile(path),
    readDir: async (path) => raw.readDir(path),
    readLink: async (path) => raw.readLink(path),
  };
}

let temporaryNames = 0;
/** Names (no path: a folder may have two) of those that this process is about to rename: nobody's left-overs. */
const underWay = new Set<string>();

async function writeAtomic(
  raw: RawFs,
  path: string,
  bytes: Uint8Array,
  durable: Pick<DurableFs, "createExclusive" | "syncDir">,
): Promise<void> {
  // The name is never used twice, so two writers cannot meet in it and a left-over blocks nobody.
  temporaryNames += 1;
  const temporary = `${path}.${process.pid}-${Date.now().toString(36)}-${temporaryNames}.tmp`;
  underWay.add(basename(temporary));
  try {
    await durable.createExclusive(temporary, bytes);
    await raw.rename(temporary, path).catch(async (error: unknown) => {
      await raw.unlink(temporary).catch(() => undefined);
      throw error;
    });
  } finally {
    underWay.delete(basename(temporary));
  }
  await durable.syncDir(dirname(path));
}

/** Temporary files of a `writeAtomic` that a crash left behind; safe to remove while this process writes others. */
export async function leftoverTemporaries(fs: DurableFs, dir: string): Promise<string[]> {
  const names = await fs.readDir(dir);
  return names
    .filter((name) => /\.\d+-[0-9a-z]+-\d+\.tmp$/.test(name) && !underWay.has(name))
    .map((name) => join(dir, name));
}

async function openAppend(
  raw: RawFs,
  path: string,
  synced: (path: string, sync: () => Promise<void>) => Promise<void>,
): Promise<AppendHandle> {
  const file = await raw.open(path, "append", FILE_MODE);
  let size = await file.size();
  let failure: unknown;
  const assertUsable = (): void => {
    if (failure !== undefined) throw failure;
  };
  return {
    path,
    get size() {
      return size;
    },
    append: async (bytes) => {
      assertUsable();
      try {
        await writeAll(file, bytes, size);
      } catch (error) {
        // Half a record must not stay in front of the next one.
        await file.truncate(size).catch((cause: unknown) => {
          failure = new SyncFailed(path, cause);
        });
        throw error;
      }
      size += bytes.byteLength;
    },
    sync: async () => {
      assertUsable();
      try {
        await synced(path, () => file.datasync());
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    close: async () => file.close(),
  };
}

/** `write` may take less than it is given (a disk one page from full does); the rest needs asking again. */
async function writeAll(file: RawFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const count = await file.write(bytes.subarray(done), position + done);
    if (count <= 0) throw new Error("the file system accepted no bytes");
    done += count;
  }
}

async function unless(code: string, promise: Promise<void>): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch (error) {
    if (errorCode(error) === code) return false;
    throw error;
  }
}

function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
