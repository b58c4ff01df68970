/** What all attempts of a job share, looked up once a job and kept for the jobs of late. */
import type { JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Origin } from "../host.ts";
import type { JobFolders } from "../store/job-folders.ts";
import { artifactsFolder } from "./environment.ts";

const JOBS_MAX = 64;

export type Surroundings = { readonly folder: string; readonly origin: Origin | null; readonly artifacts: string };

export class JobSurroundings {
  readonly #fs: DurableFs;
  readonly #folders: JobFolders;
  readonly #origin: (jobId: JobId) => Promise<Origin | null>;
  /** In order of use, oldest first. */
  readonly #known = new Map<JobId, Promise<Surroundings>>();

  constructor(options: { fs: DurableFs; folders: JobFolders; origin: (jobId: JobId) => Promise<Origin | null> }) {
    this.#fs = options.fs;
    this.#folders = options.folders;
    this.#origin = options.origin;
  }

  async of(jobId: JobId): Promise<Surroundings> {
    const known = this.#known.get(jobId) ?? this.#read(jobId);
    this.#known.delete(jobId);
    this.#known.set(jobId, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= JOBS_MAX) break;
      this.#known.delete(oldest);
    }
    try {
      return await known;
    } catch (error) {
      this.#known.delete(jobId);
      throw error;
    }
  }

  async #read(jobId: JobId): Promise<Surroundings> {
    const folder = await this.#folders.find(jobId);
    if (folder === undefined) throw new Error(`the folder of job ${jobId} is gone`);
    const artifacts = artifactsFolder(folder);
    await this.#fs.makeDir(artifacts);
    return { folder, artifacts, origin: await this.#origin(jobId) };
  }
}
