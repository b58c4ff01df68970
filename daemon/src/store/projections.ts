/**
 * What is derived from each journal for people with `cat` and `jq`: `plan.json` once, `metadata.json` at most every 250 ms
 * and at the end, `result.json` at the end. Nobody waits for them, and none is ever read for a decision.
 */
import { join } from "node:path";
import { detail, summary, type JobState } from "@aither/core";
import type { Published } from "@aither/engine";
import { API_VERSION, type JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Log } from "../host.ts";
import { document } from "./documents.ts";
import type { JobFolders } from "./job-folders.ts";
import { jobFiles } from "./layout.ts";

const EVERY_MS = 250;

export class Projections {
  readonly #fs: DurableFs;
  readonly #folders: JobFolders;
  readonly #log: Log;
  readonly #waiting = new Map<JobId, { latest: JobState; timer: NodeJS.Timeout }>();
  readonly #planned = new Set<JobId>();
  readonly #busy = new Map<JobId, Promise<void>>();

  constructor(options: { fs: DurableFs; folders: JobFolders; log: Log }) {
    this.#fs = options.fs;
    this.#folders = options.folders;
    this.#log = options.log;
  }

  /** Listens to the engine: cheap, and writes later. */
  readonly onPublished = ({ state }: Published): void => {
    const waiting = this.#waiting.get(state.id);
    if (waiting !== undefined) {
      waiting.latest = state;
      return;
    }
    const timer = setTimeout(() => this.#flush(state.id), EVERY_MS);
    timer.unref();
    this.#waiting.set(state.id, { latest: state, timer });
  };

  /** All of an ended job. Resolves when it is on disk; trouble is logged, because it can be made again. */
  async finish(state: JobState): Promise<void> {
    this.#drop(state.id);
    await this.#write(state.id, async (folder) => {
      await this.#writePlan(folder, state);
      await this.#put(join(folder, jobFiles.result), detail(state));
      await this.#writeMetadata(folder, state);
    });
    this.#planned.delete(state.id);
  }

  /** Writes what still waits; to be called when the daemon stops. */
  async close(): Promise<void> {
    for (const jobId of this.#waiting.keys()) this.#flush(jobId);
    await Promise.all(this.#busy.values());
  }

  forget(jobId: JobId): void {
    this.#drop(jobId);
    this.#planned.delete(jobId);
  }

  #flush(jobId: JobId): void {
    const latest = this.#waiting.get(jobId)?.latest;
    this.#drop(jobId);
    if (latest === undefined) return;
    void this.#write(jobId, async (folder) => {
      await this.#writePlan(folder, latest);
      await this.#writeMetadata(folder, latest);
    });
  }

  #drop(jobId: JobId): void {
    clearTimeout(this.#waiting.get(jobId)?.timer);
    this.#waiting.delete(jobId);
  }

  /** One writer a job at a time, in order. */
  async #write(jobId: JobId, work: (folder: string) => Promise<void>): Promise<void> {
    const turn = (this.#busy.get(jobId) ?? Promise.resolve()).then(async () => {
      try {
        const folder = await this.#folders.find(jobId);
        if (folder !== undefined) await work(folder);
      } catch (error) {
        this.#log.warn({ jobId, reason: String(error) }, "a derived file could not be written");
      }
    });
    this.#busy.set(jobId, turn);
    await turn;
    if (this.#busy.get(jobId) === turn) this.#busy.delete(jobId);
  }

  async #writePlan(folder: string, state: JobState): Promise<void> {
    if (this.#planned.has(state.id)) return;
    await this.#put(join(folder, jobFiles.plan), state.plan);
    this.#planned.add(state.id);
  }

  async #writeMetadata(folder: string, state: JobState): Promise<void> {
    const content = { apiVersion: API_VERSION, ...summary(state), seq: state.seq, requestId: state.requestId };
    await this.#put(join(folder, jobFiles.metadata), content);
  }

  async #put<T>(path: string, content: T): Promise<void> {
    const file = await document(this.#fs, path, content);
    await file.write();
  }
}
