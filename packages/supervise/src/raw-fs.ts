/** The real file system, as `durable-fs.ts` wants to see it. */
import { mkdir, open, readdir, readFile, readlink, rename, rmdir, symlink, unlink } from "node:fs/promises";
import { constants } from "node:fs";
import type { RawFs } from "./durable-fs.ts";

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
