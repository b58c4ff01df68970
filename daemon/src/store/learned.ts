/** `masks.json`: what the scripts of a job named as secret (`::add-mask::`). Not derived, never logged, its owner's alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import { errorCode } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { jobFiles } from "./layout.ts";

type Places = { readonly fs: DurableFs; readonly folders: JobFolders; readonly active: string };

export class Learned {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  async read(jobId: JobId): Promise<readonly string[]> {
    const { fs, folders } = this.#places;
    const folder = await folders.find(jobId);
    if (folder === undefined) return [];
    try {
      return textsIn((await fs.readFile(join(folder, jobFiles.masks))).toString("utf8"));
    } catch (error) {
      return noneOf(error);
    }
  }

  /** The same at once, of a job that is open. */
  readNow(jobId: JobId): readonly string[] {
    try {
      return textsIn(readFileSync(join(this.#places.active, jobId, jobFiles.masks), "utf8"));
    } catch (error) {
      return noneOf(error);
    }
  }

  /** Durable when it resolves. Of a job that is gone there is nothing to keep. */
  async write(jobId: JobId, values: readonly string[]): Promise<void> {
    const { fs, folders } = this.#places;
    const folder = await folders.find(jobId);
    if (folder === undefined) return;
    await fs.writeAtomic(join(folder, jobFiles.masks), Buffer.from(`${JSON.stringify(values)}\n`));
  }
}

function noneOf(error: unknown): readonly string[] {
  if (errorCode(error) === "ENOENT") return [];
  throw error;
}

/** What cannot be read names nothing. */
function textsIn(text: string): readonly string[] {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter((value): value is string => typeof value === "string") : [];
  } catch {
    return [];
  }
}
