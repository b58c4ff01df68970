/** `masks.json`: what the scripts of a job named as secret (`::add-mask::`). Not derived, never logged, its owner's alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Named } from "../secrets/job-secrets.ts";
import { errorCode } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { jobFiles } from "./layout.ts";

const NONE: Named = { values: [], isOver: false };

type Places = { readonly fs: DurableFs; readonly folders: JobFolders; readonly active: string };

export class Learned {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  async read(jobId: JobId): Promise<Named> {
    const { fs, folders } = this.#places;
    const folder = await folders.find(jobId);
    if (folder === undefined) return NONE;
    try {
      return namedIn((await fs.readFile(join(folder, jobFiles.masks))).toString("utf8"));
    } catch (error) {
      return noneOf(error);
    }
  }

  /** The same at once, of a job that is open. */
  readNow(jobId: JobId): Named {
    try {
      return namedIn(readFileSync(join(this.#places.active, jobId, jobFiles.masks), "utf8"));
    } catch (error) {
      return noneOf(error);
    }
  }

  /** Durable when it resolves. Of a job that is gone there is nothing to keep. */
  async write(jobId: JobId, named: Named): Promise<void> {
    const { fs, folders } = this.#places;
    const folder = await folders.find(jobId);
    if (folder === undefined) return;
    await fs.writeAtomic(join(folder, jobFiles.masks), Buffer.from(`${JSON.stringify(named)}\n`));
  }
}

function noneOf(error: unknown): Named {
  if (errorCode(error) === "ENOENT") return NONE;
  throw error;
}

/** What cannot be read names nothing. */
function namedIn(text: string): Named {
  try {
    const { values, isOver } = JSON.parse(text) as Readonly<Record<keyof Named, unknown>>;
    if (!Array.isArray(values)) return NONE;
    return { values: values.filter((value): value is string => typeof value === "string"), isOver: isOver === true };
  } catch {
    return NONE;
  }
}
