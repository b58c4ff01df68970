/** Files that a job keeps: what `artifacts/` in its folder holds. Nothing outside it is ever opened, whatever the name. */
import { constants } from "node:fs";
import { lstat, open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactView, JobId } from "@aither/protocol";
import type { JobFolders } from "./job-folders.ts";

/** More are not listed. A job may keep fewer, unless the settings say otherwise or its scripts put them there. */
const LISTED_MAX = 20_000;
const TEMPORARY = ".keeping-";

export type OpenArtifact = { readonly handle: FileHandle; readonly bytes: number };

export class Artifacts {
  readonly #folders: JobFolders;

  constructor(folders: JobFolders) {
    this.#folders = folders;
  }

  /** By name, which is the path below `artifacts/`, with `/`. */
  async list(jobId: JobId): Promise<readonly ArtifactView[]> {
    const root = await this.#root(jobId);
    if (root === undefined) return [];
    const found: ArtifactView[] = [];
    await this.#gather(root, "", found);
    return found;
  }

  /** The file of that name; null when there is none. Whoever gets it closes it. */
  async open(jobId: JobId, name: string): Promise<OpenArtifact | null> {
    const root = await this.#root(jobId);
    const parts = name.split("/");
    if (root === undefined || parts.some((part) => part === "" || part === "." || part === ".." || /[\\\0]/.test(part)))
      return null;
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      folder = join(folder, part);
      // A script may have put a link there: it is not followed.
      if (!(await isFolder(folder))) return null;
    }
    const path = join(folder, parts.at(-1)!);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
    if (handle === null) return null;
    const found = await handle.stat();
    if (found.isFile()) return { handle, bytes: found.size };
    await handle.close();
    return null;
  }

  async #root(jobId: JobId): Promise<string | undefined> {
    const folder = await this.#folders.find(jobId);
    return folder === undefined ? undefined : join(folder, "artifacts");
  }

  async #gather(folder: string, name: string, into: ArtifactView[]): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (into.length >= LISTED_MAX) return;
      const path = join(folder, entry.name);
      const below = name === "" ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory()) await this.#gather(path, below, into);
      else if (entry.isFile() && !entry.name.startsWith(TEMPORARY)) {
        const found = await lstat(path).catch(() => null);
        if (found?.isFile()) into.push({ name: below, bytes: found.size, changedAt: found.mtime.toISOString() });
      }
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
