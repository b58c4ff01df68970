/** The real file system, as `durable-fs.ts` wants to see it. */
import { mkdir, open, readdir, readFile, readlink, rename, rmdir, symlink, unlink } from "node:fs/promises";
import { constants } from "node:fs";

/** An open file of a `RawFs`. A write may take fewer bytes than offered. */
export type RawFile = {
  write(bytes: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  truncate(length: number): Promise<void>;
  /** Data, and the metadata needed to read it back. */
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
};

/** The operations of a file system, with their ordinary lack of promises. */
export type RawFs = {
  /** `create` refuses an existing file, `append` makes a missing one, `modify` needs an existing one. */
  open(path: string, how: "create" | "append" | "modify", mode: number): Promise<RawFile>;
  readFile(path: string): Promise<Buffer>;
  readDir(path: string): Promise<string[]>;
  readLink(path: string): Promise<string>;
  makeDir(path: string, mode: number): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  removeDir(path: string): Promise<void>;
  /** Puts the names inside a directory on disk. */
  syncDir(path: string): Promise<void>;
};

const flags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  // Not O_APPEND: Linux would then ignore positions, and positions are what makes a retry exact.
  append: constants.O_RDWR | constants.O_CREAT,
  modify: constants.O_RDWR,
} as const;

export const nodeRawFs: RawFs = {
  open: async (path, how, mode) => {
    const handle = await open(path, flags[how], mode);
    return {
      write: async (bytes, position) => (await handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten,
      size: async () => (await handle.stat()).size,
      truncate: async (length) => handle.truncate(length),
      datasync: async () => handle.datasync(),
      sync: async () => handle.sync(),
      close: async () => handle.close(),
    };
  },
  readFile: async (path) => readFile(path),
  readDir: async (path) => readdir(path),
  readLink: async (path) => readlink(path),
  makeDir: async (path, mode) => {
    await mkdir(path, { mode });
  },
  symlink: async (target, path) => symlink(target, path),
  rename: async (from, to) => rename(from, to),
  unlink: async (path) => unlink(path),
  removeDir: async (path) => rmdir(path),
  syncDir: async (path) => {
    // Windows cannot open a directory; NTFS journals its names by itself.
    if (process.platform === "win32") return;
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
