/**
 * What is derived from each journal for people with `cat` and `jq`: `plan.json` once, `metadata.json` at most every 250 ms
 * and at the end, `result.json` (and `summary.md`, if it was asked for) at the end. Nobody waits for them, and none is ever read for a decision. They are written
 * one after another, however many jobs there are: the disk belongs to the journals.
 */
import { join } from "node:path";
import { detail, summary, wantsSummary, type JobState } from "@aither/core";
import type { Published } from "@aither/engine";
import { API_VERSION, type JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Log, Secrets } from "../host.ts";
import { document } from "./documents.ts";
import type { JobFolders } from "./job-folders.ts";
import { jobFiles } from "./layout.ts";

const EVERY_MS = 250;

export class Projections {
  readonly #fs: DurableFs;
  readonly #folders: JobFolders;
  readonly #log: Log;
  readonly #secrets: Secrets;
  readonly #summaryOf: (state: JobState) => Promise<string>;
  readonly #waiting = new Map<JobId, { latest: JobState; timer: NodeJS.Timeout }>();
  readonly #planned = new Set<JobId>();
  /** Jobs whose last word waits for its turn. */
  readonly #finished = new Set<JobId>();
  readonly #busy = new Map<JobId, Promise<void>>();
  /** The writing of them all, in order. */
  #line: Promise<void> = Promise.resolve();

  constructor(options: {
    fs: DurableFs;
    folders: JobFolders;
    log: Log;
    secrets: Secrets;
    summaryOf: (state: JobState) => Promise<string>;
  }) {
    this.#fs = options.fs;
    this.#folders = options.folders;
    this.#log = options.log;
    this.#secrets = options.secrets;
    this.#summaryOf = options.summaryOf;
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
    this.#finished.add(state.id);
    await this.#write(state.id, async (folder) => {
      await this.#writePlan(folder, state);
      if (wantsSummary(state)) await this.#writeSummary(folder, state);
      await this.#put(join(folder, jobFiles.result), await this.#masked(state, detail(state)));
      await this.#writeMetadata(folder, state);
    });
    this.#planned.delete(state.id);
    this.#finished.delete(state.id);
  }

  /** Writes what still waits; to be called when the daemon stops. */
  async close(): Promise<void> {
    await this.#line;
    for (const jobId of this.#waiting.keys()) this.#flush(jobId);
    await Promise.all(this.#busy.values());
  }

  forget(jobId: JobId): void {
    this.#drop(jobId);
    this.#planned.delete(jobId);
  }

  #flush(jobId: JobId): void {
    const waiting = this.#waiting.get(jobId);
    if (waiting === undefined) return;
    if (this.#busy.has(jobId)) {
      waiting.timer = setTimeout(() => this.#flush(jobId), EVERY_MS).unref();
      return;
    }
    const { latest } = waiting;
    this.#drop(jobId);
    void this.#write(jobId, async (folder) => {
      // It waited for its turn: what came meanwhile is newer, and will be written by itself.
      if (this.#finished.has(jobId)) return;
      await this.#writePlan(folder, latest);
      await this.#writeMetadata(folder, latest);
    });
  }

  #drop(jobId: JobId): void {
    clearTimeout(this.#waiting.get(jobId)?.timer);
    this.#waiting.delete(jobId);
  }

  /** One writer at a time, in order. */
  async #write(jobId: JobId, work: (folder: string) => Promise<void>): Promise<void> {
    const turn = this.#line.then(async () => {
      try {
        const folder = await this.#folders.find(jobId);
        if (folder !== undefined) await work(folder);
      } catch (error) {
        this.#log.warn({ jobId, reason: String(error) }, "a derived file could not be written");
      }
    });
    this.#line = turn;
    this.#busy.set(jobId, turn);
    await turn;
    if (this.#busy.get(jobId) === turn) this.#busy.delete(jobId);
  }

  async #writePlan(folder: string, state: JobState): Promise<void> {
    if (this.#planned.has(state.id)) return;
    await this.#put(join(folder, jobFiles.plan), state.plan);
    this.#planned.add(state.id);
  }

  /** It reads output, so more can go wrong with it than with the others, which shall be written all the same. */
  async #writeSummary(folder: string, state: JobState): Promise<void> {
    try {
      const text = await this.#summaryOf(state);
      await this.#fs.writeAtomic(join(folder, jobFiles.summary), Buffer.from(text));
    } catch (error) {
      this.#log.warn({ jobId: state.id, reason: String(error) }, "a summary could not be written");
    }
  }

  async #writeMetadata(folder: string, state: JobState): Promise<void> {
    const seen = await this.#masked(state, summary(state));
    const content = {
      apiVersion: API_VERSION,
      ...seen,
      seq: state.seq,
      requestId: state.requestId,
      ...(wantsSummary(state) && { summary: true }),
    };
    await this.#put(join(folder, jobFiles.metadata), content);
  }

  /** Secrets are in the journal at most, where a script told them. */
  async #masked<T>({ id }: JobState, document: T): Promise<T> {
    return (await this.#secrets.of(id))?.document(document) ?? document;
  }

  async #put<T>(path: string, content: T): Promise<void> {
    const file = await document(this.#fs, path, content);
    await file.write();
  }
}
