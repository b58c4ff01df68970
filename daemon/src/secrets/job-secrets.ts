/** The maskers of jobs. Jobs with the same secrets, which are most jobs of one person, share one. */
import type { JobId } from "@aither/protocol";
import type { Origin, Secrets } from "../host.ts";
import { Masker } from "./masker.ts";

/** Beyond this, what the engine does not remember is forgotten, and read again when somebody asks. */
const JOBS_MAX = 4_096;
const MASKERS_MAX = 64;

export type JobSecretsOptions = {
  readonly read: (jobId: JobId) => Promise<Origin | null>;
  /** The same of a job that is open, at once. */
  readonly readNow: (jobId: JobId) => Origin | null;
  /** Whether it may be asked for without time to read. */
  readonly isRemembered: (jobId: JobId) => boolean;
};

export class JobSecrets implements Secrets {
  readonly #options: JobSecretsOptions;
  /** Null: it has no secrets, or none that can be masked. In order of first use. */
  readonly #known = new Map<JobId, Masker | null>();
  /** By values, in order of use. */
  readonly #maskers = new Map<string, Masker>();

  constructor(options: JobSecretsOptions) {
    this.#options = options;
  }

  async of(jobId: JobId): Promise<Masker | null> {
    const known = this.#known.get(jobId);
    return known === undefined ? this.keep(jobId, await this.#options.read(jobId)) : known;
  }

  now(jobId: JobId): Masker | null {
    const known = this.#known.get(jobId);
    return known === undefined ? this.keep(jobId, this.#options.readNow(jobId)) : known;
  }

  keep(jobId: JobId, origin: Origin | null): Masker | null {
    const masker = this.among((origin?.secrets ?? []).map(({ value }) => value));
    this.#known.set(jobId, masker);
    if (this.#known.size > JOBS_MAX) this.#forgetOld();
    return masker;
  }

  among(values: readonly string[]): Masker | null {
    if (values.length === 0) return null;
    const key = JSON.stringify([...new Set(values)].toSorted());
    const masker = this.#maskers.get(key) ?? new Masker(values);
    this.#maskers.delete(key);
    this.#maskers.set(key, masker);
    for (const oldest of this.#maskers.keys()) {
      if (this.#maskers.size <= MASKERS_MAX) break;
      this.#maskers.delete(oldest);
    }
    return masker.isEmpty ? null : masker;
  }

  /** For a thread of its own, which makes a masker of them. */
  async values(jobId: JobId): Promise<readonly string[]> {
    if ((await this.of(jobId)) === null) return [];
    return ((await this.#options.read(jobId))?.secrets ?? []).map(({ value }) => value);
  }

  forget(jobId: JobId): void {
    this.#known.delete(jobId);
  }

  /** A quarter at once, so that it is not done for each job. */
  #forgetOld(): void {
    let left = JOBS_MAX / 4;
    for (const jobId of this.#known.keys()) {
      if (left === 0) return;
      if (this.#options.isRemembered(jobId)) continue;
      this.#known.delete(jobId);
      left -= 1;
    }
  }
}
