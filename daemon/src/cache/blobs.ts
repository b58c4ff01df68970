/**
 * Files by the digest of their content: `blobs/<2>/<digest>`. A blob has its name only when it is whole and on disk, and
 * whoever takes it out reads its content against that name.
 */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DurableFs } from "@aither/supervise";
import { errorCode } from "../store/errors.ts";
import { digestOfFile } from "./digest.ts";

export type Blob = { readonly digest: string; readonly bytes: number };

/** A blob that is not what its name says, or not there. */
export class BlobDamaged extends Error {
  readonly digest: string;
  constructor(digest: string) {
    super(`the blob ${digest} is damaged or gone`);
    this.name = "BlobDamaged";
    this.digest = digest;
  }
}

export class Blobs {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #fs: DurableFs;
  #names = 0;

  constructor(root: string, fs: DurableFs) {
    this.#folder = join(root, "blobs");
    this.#incoming = join(root, "incoming");
    this.#fs = fs;
  }

  /** Makes the folders, and drops what a crash left half done. */
  async open(): Promise<void> {
    await this.#fs.makeDir(this.#folder);
    await rm(this.#incoming, { recursive: true, force: true });
    await this.#fs.makeDir(this.#incoming);
  }

  /** Keeps a copy of a file as it is now. `pin` is told its name before the copy gets it. */
  async put(path: string, pin: (digest: string) => void): Promise<Blob> {
    this.#names += 1;
    const temporary = join(this.#incoming, String(this.#names));
    try {
      await copyFile(path, temporary, constants.COPYFILE_FICLONE);
      await chmod(temporary, 0o600);
      // The copy is what is kept, so the copy is what is named: its source may be written to meanwhile.
      const digest = await digestOfFile(temporary);
      const { size: bytes } = await stat(temporary);
      pin(digest);
      const target = this.#path(digest);
      if ((await sizeOf(target)) !== bytes) {
        await this.#fs.syncFile(temporary);
        await this.#fs.makeDir(join(this.#folder, digest.slice(0, 2)));
        await rename(temporary, target);
        await this.#fs.syncDir(join(this.#folder, digest.slice(0, 2)));
      }
      return { digest, bytes };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Throws `BlobDamaged` when it is not what its name says. */
  async verify({ digest, bytes }: Blob): Promise<void> {
    if ((await sizeOf(this.#path(digest))) !== bytes) throw new BlobDamaged(digest);
    if ((await digestOfFile(this.#path(digest))) !== digest) throw new BlobDamaged(digest);
  }

  /** Writes its content to a new file with this mode; what was read is compared with its name. */
  async copyTo({ digest }: Blob, path: string, mode: number): Promise<void> {
    const hash = createHash("sha256");
    await rm(path, { force: true });
    const handle = await open(path, "wx", 0o600);
    try {
      for await (const piece of createReadStream(this.#path(digest))) {
        hash.update(piece as Buffer);
        await handle.writeFile(piece as Buffer);
      }
      await handle.chmod(mode);
    } finally {
      await handle.close();
    }
    if (hash.digest("hex") === digest) return;
    await rm(path, { force: true });
    throw new BlobDamaged(digest);
  }

  async remove(digest: string): Promise<void> {
    await rm(this.#path(digest), { force: true });
  }

  async all(): Promise<readonly string[]> {
    const folders = await readdir(this.#folder);
    const names = await Promise.all(folders.map(async (folder) => readdir(join(this.#folder, folder)).catch(() => [])));
    return names.flat();
  }

  #path(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
