/** Where each job's folder is: known for jobs of this life, linked for open ones, searched for old ones. */
import { basename, dirname, join } from "node:path";
import type { JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import { errorCode, JournalDamaged } from "./errors.ts";
import { dateOf, isJobId, jobFiles, type Layout } from "./layout.ts";

export class JobFolders {
  readonly #layout: Layout;
  readonly #fs: DurableFs;
  /** Open jobs, and any others that were asked for lately. */
  readonly #known = new Map<JobId, string>();
  readonly #syncedDates = new Set<string>();

  constructor(layout: Layout, fs: DurableFs) {
    this.#layout = layout;
    this.#fs = fs;
  }

  /** Makes the folder of a new job; its name is not durable before `syncNames`. Idempotent. */
  async create(jobId: JobId, nowMs: number): Promise<string> {
    if (!isJobId(jobId)) throw new Error(`not a job id: ${JSON.stringify(jobId)}`);
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const date = join(this.#layout.jobs, dateOf(nowMs));
    const folder = join(date, jobId);
    this.#known.set(jobId, folder);
    if (!this.#syncedDates.has(date)) {
      await this.#fs.makeDir(date);
      await this.#fs.syncDir(this.#layout.jobs);
      this.#syncedDates.add(date);
    }
    await this.#fs.makeDir(folder);
    await this.#fs.makeDir(join(folder, jobFiles.scripts));
    return folder;
  }

  /** Links a new job into `active/`. */
  async link(jobId: JobId, folder: string): Promise<void> {
    const date = folder.slice(this.#layout.jobs.length + 1, -(jobId.length + 1));
    try {
      await this.#fs.symlink(join("..", "jobs", date, jobId), join(this.#layout.active, jobId));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }

  /** Puts the names of a new job on disk: its files, its folder, its entry in `active/`. */
  async syncNames(folder: string): Promise<void> {
    await Promise.all([
      this.#fs.syncDir(folder),
      this.#fs.syncDir(join(folder, "..")),
      this.#fs.syncDir(this.#layout.active),
    ]);
  }

  /** Its folder, if it was asked for already. */
  known(jobId: JobId): string | undefined {
    return this.#known.get(jobId);
  }

  /** An entry of `active/` is a link of ours. Whatever else stands there is somebody's, and is neither followed nor removed. */
  async checkLink(jobId: JobId): Promise<void> {
    const file = join(this.#layout.active, jobId);
    let target: string;
    try {
      target = await this.#fs.readLink(file);
    } catch (error) {
      if (errorCode(error) !== "EINVAL") throw error;
      throw new JournalDamaged({ jobId, file, line: null }, "this is no link to a job's folder");
    }
    const [, date] = /^\.\.\/jobs\/(\d{4}-\d\d-\d\d)\/[^/]+$/.exec(target) ?? [];
    if (date === undefined || target !== `../jobs/${date}/${jobId}`)
      throw new JournalDamaged(
        { jobId, file, line: null },
        `this link leads to ${target}, which is no folder of this job`,
      );
  }

  async isLinked(jobId: JobId): Promise<boolean> {
    try {
      await this.#fs.readLink(join(this.#layout.active, jobId));
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
  }

  async unlink(jobId: JobId): Promise<void> {
    await this.#fs.unlink(join(this.#layout.active, jobId));
  }

  /** Ids in `active/`; null when the folder itself is gone and must be rebuilt. */
  async active(): Promise<JobId[] | null> {
    try {
      return (await this.#fs.readDir(this.#layout.active)).filter(isJobId);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
  }

  async makeActive(): Promise<void> {
    await this.#fs.makeDir(this.#layout.active);
    await this.#fs.syncDir(this.#layout.state);
  }

  /** The folder of a job that is there; undefined when there is none. Never writes. */
  async find(jobId: JobId): Promise<string | undefined> {
    if (!isJobId(jobId)) return undefined;
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const folder = (await this.#throughActive(jobId)) ?? (await this.#throughDates(jobId));
    if (folder !== undefined) this.#known.set(jobId, folder);
    return folder;
  }

  forget(jobId: JobId): void {
    this.#known.delete(jobId);
  }

  /** The folder of a day goes with its last job; that of a day on which jobs may still be started stays. */
  async removeDayOf(folder: string): Promise<void> {
    const date = dirname(folder);
    if (basename(date) >= dateOf(Date.now())) return;
    this.#syncedDates.delete(date);
    try {
      await this.#fs.removeDir(date);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) throw error;
    }
  }

  /** Days that have jobs, newest first. */
  async dates(): Promise<string[]> {
    const names = await this.#fs.readDir(this.#layout.jobs);
    return names
      .filter((name) => /^\d{4}-\d\d-\d\d$/.test(name))
      .sort()
      .reverse();
  }

  /** Every job folder there is, newest day first. */
  async *all(): AsyncIterable<{ jobId: JobId; folder: string }> {
    for (const date of await this.dates()) {
      const day = join(this.#layout.jobs, date);
      for (const jobId of (await this.#namesIn(day)).filter(isJobId)) {
        yield { jobId, folder: join(day, jobId) };
      }
    }
  }

  /** None of a day that went meanwhile. */
  async #namesIn(day: string): Promise<string[]> {
    try {
      return await this.#fs.readDir(day);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  async #throughActive(jobId: JobId): Promise<string | undefined> {
    try {
      const target = await this.#fs.readLink(join(this.#layout.active, jobId));
      if (!target.startsWith("../jobs/") || !target.endsWith(`/${jobId}`)) return undefined;
      const folder = join(this.#layout.active, target);
      return (await this.#isFolder(folder)) ? folder : undefined;
    } catch (error) {
      if (["ENOENT", "EINVAL"].includes(errorCode(error) ?? "")) return undefined;
      throw error;
    }
  }

  async #throughDates(jobId: JobId): Promise<string | undefined> {
    for (const date of await this.dates()) {
      const folder = join(this.#layout.jobs, date, jobId);
      if (await this.#isFolder(folder)) return folder;
    }
    return undefined;
  }

  /**
   * Asked of our own file system, so that a modelled disk can answer, too: of a folder it says that this is no link, in
   * place and at once, where listing one takes a trip through the thread pool.
   */
  async #isFolder(path: string): Promise<boolean> {
    try {
      await this.#fs.readLink(`${path}/`);
      return false;
    } catch (error) {
      const code = errorCode(error);
      if (code === "EINVAL") return true;
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      throw error;
    }
  }
}
