/** The real file system, as `durable-fs.ts` wants to see it. */
import { readdir, rmdir } from "node:fs/promises";
import {
  closeSync,
  constants,
  fdatasync,
  fsync,
  fstatSync,
  ftruncate,
  mkdirSync,
  openSync,
  read,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";

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

/** A write up to here goes into the kernel's memory in microseconds; a trip through the thread pool costs ten times that. */
const SMALL_WRITE_BYTES = 64 * 1024;

/**
 * Plain descriptors and callbacks: a `FileHandle` costs half as much again, and every script is worth a dozen of
 * these calls. What waits for the disk (syncs, large writes) goes through the thread pool; what only changes memory
 * (a name, a small write, a close) does not.
 */
export const nodeRawFs: RawFs = {
  open: async (path, how, mode) => {
    const fd = openSync(path, flags[how], mode);
    return {
      write: async (bytes, position) =>
        bytes.byteLength <= SMALL_WRITE_BYTES
          ? writeSync(fd, bytes, 0, bytes.byteLength, position)
          : called<number>((done) => write(fd, bytes, 0, bytes.byteLength, position, done)),
      size: async () => fstatSync(fd).size,
      truncate: async (length) => called<void>((done) => ftruncate(fd, length, done)),
      datasync: async () => called<void>((done) => fdatasync(fd, done)),
      sync: async () => called<void>((done) => fsync(fd, done)),
      close: async () => closeSync(fd),
    };
  },
  readFile: readWhole,
  readDir: async (path) => readdir(path),
  readLink: async (path) => readlinkSync(path),
  makeDir: async (path, mode) => {
    mkdirSync(path, { mode });
  },
  symlink: async (target, path) => symlinkSync(target, path),
  rename: async (from, to) => renameSync(from, to),
  unlink: async (path) => unlinkSync(path),
  removeDir: async (path) => rmdir(path),
  syncDir: async (path) => {
    // Windows cannot open a directory; NTFS journals its names by itself.
    if (process.platform === "win32") return;
    const fd = openSync(path, constants.O_RDONLY);
    try {
      await called<void>((done) => fsync(fd, done));
    } finally {
      closeSync(fd);
    }
  },
};

/** As long as it was when it was opened: one trip through the thread pool, where Node's own `readFile` makes four. */
async function readWhole(path: string): Promise<Buffer> {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(fd).size);
    let filled = 0;
    while (filled < bytes.length) {
      const got = await called<number>((done) => read(fd, bytes, filled, bytes.length - filled, filled, done));
      if (got === 0) break;
      filled += got;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
}

/** A call of Node's own kind as a promise. */
function called<T>(call: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null) resolve(value as T);
      else reject(error);
    });
  });
}
