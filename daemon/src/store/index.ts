/** Finished jobs, one line each, by month of their end. Derived: it is made again from the job folders when it is gone. */
import { join } from "node:path";
import type { JobId } from "@aither/protocol";
import type { AppendHandle, DurableFs } from "@aither/supervise";
import { errorCode } from "./errors.ts";
import { compact, countLines } from "./index-compaction.ts";
import { countJobs } from "./index-count.ts";
import {
  endsWithNewline,
  IndexDamaged,
  isTombstone,
  linesBackwards,
  type IndexEntry,
  type IndexLine,
} from "./index-lines.ts";
import { entryOfNumber } from "./index-number.ts";

export type JobIndexOptions = {
  readonly fs: DurableFs;
  readonly folder: string;
  /** Every finished job there is on disk, for making the index again; `top` is filled in here. */
  readonly finishedJobs: () => AsyncIterable<IndexEntry>;
  readonly onRebuild: (reason: string) => void;
};

/** The index is written anew when more of its lines than this say nothing any more. */
const DEAD_SHARE_MAX = 0.3;
/** How many finished jobs back a repeated request is known for certain. */
const REQUESTS_MAX = 10_000;

export class JobIndex {
  readonly #options: JobIndexOptions;
  #file: { month: string; handle: AppendHandle } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #rebuilding: Promise<void> | undefined;
  #top = 0;
  #count: number | undefined;
  /** Jobs by request id, oldest first; read from the end of the index when first asked for. */
  #requests: Promise<Map<string, JobId>> | undefined;

  constructor(options: JobIndexOptions) {
    this.#options = options;
  }

  /** The highest number ever given out, as far as finished jobs tell. */
  get top(): number {
    return this.#top;
  }

  /** Makes the index when there is none, and learns the highest number. */
  async open(): Promise<void> {
    const months = await this.#months();
    if (months === null) {
      await this.#rebuild("there is no index");
      return;
    }
    if (months[0] !== undefined) await this.#cutTornEnd(months[0]);
    try {
      for await (const line of this.#lines()) {
        this.#top = Math.max(this.#top, line.top);
        return;
      }
    } catch (error) {
      if (!(error instanceof IndexDamaged)) throw error;
      await this.#rebuild(error.message);
    }
  }

  /** Durable when it resolves. `top` is the highest number given out by now. */
  async add(entry: Omit<IndexEntry, "top">, top: number): Promise<void> {
    this.#top = Math.max(this.#top, top, entry.number);
    await this.#append({ ...entry, top: this.#top });
    if (this.#count !== undefined) this.#count += 1;
    const requests = await this.#requests;
    if (requests === undefined || entry.requestId === null) return;
    requests.set(entry.requestId, entry.jobId);
    if (requests.size > REQUESTS_MAX) requests.delete(requests.keys().next().value ?? "");
  }

  /** The finished job that a request started, among the last ten thousand: each start with a key asks this. */
  async byRequest(requestId: string): Promise<JobId | undefined> {
    this.#requests ??= this.#readRequests().catch((error: unknown) => {
      this.#requests = undefined;
      throw error;
    });
    return (await this.#requests).get(requestId);
  }

  /** How many finished jobs there are; counted once, then kept. */
  async count(): Promise<number> {
    for (let attempt = 1; this.#count === undefined; attempt += 1) {
      await this.#rebuilding;
      try {
        const count = await countJobs((await this.#files()).reverse(), this.#top);
        this.#count ??= count;
      } catch (error) {
        if (!(error instanceof IndexDamaged) || attempt > 1) throw error;
        await this.#rebuild(error.message);
      }
    }
    return this.#count;
  }

  async remove(job: { jobId: JobId; number: number }): Promise<void> {
    this.#top = Math.max(this.#top, job.number);
    await this.#append({ removed: job.jobId, number: job.number, top: this.#top });
    if (this.#count !== undefined) this.#count -= 1;
    const requests = await this.#requests;
    for (const [requestId, jobId] of requests ?? []) if (jobId === job.jobId) requests?.delete(requestId);
  }

  /** Leaves out what removed jobs left behind, when that is much. Costs a reading of the whole index. */
  async compactIfWorthIt(): Promise<void> {
    await this.#rebuilding;
    const turn = this.#turn.then(async () => {
      const months = (await this.#months()) ?? [];
      const { all, live } = await countLines(this.#options.folder, months);
      if (all - live <= all * DEAD_SHARE_MAX) return;
      // Its file is about to become another one.
      await this.#file?.handle.close();
      this.#file = undefined;
      await compact(this.#options.fs, this.#options.folder, months);
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  /**
   * Finished jobs, each once, latest end first, without the removed ones. `mayStopBelow` of each is a number n such that
   * no job that still follows has a number higher than n.
   */
  async *entries(mention: string | null = null): AsyncIterable<{ entry: IndexEntry; mayStopBelow: number }> {
    await this.#rebuilding;
    const seen = new Set<string>();
    for await (const line of this.#lines(mention)) {
      if (isTombstone(line)) seen.add(line.removed);
      else if (!seen.has(line.jobId)) {
        seen.add(line.jobId);
        yield { entry: line, mayStopBelow: line.top };
      }
    }
  }

  /**
   * All of `entries` that `keep` wants, until `isEnough`; makes a damaged index anew and starts over. `mention` is a
   * text that each of them holds (see `mentioning`): what is without it costs a tenth.
   */
  async collect(
    keep: (entry: IndexEntry) => boolean,
    isEnough: (kept: readonly IndexEntry[], mayStopBelow: number) => boolean,
    mention: string | null = null,
  ): Promise<IndexEntry[]> {
    for (let attempt = 1; ; attempt += 1) {
      const kept: IndexEntry[] = [];
      try {
        for await (const { entry, mayStopBelow } of this.entries(mention)) {
          if (keep(entry)) kept.push(entry);
          if (isEnough(kept, mayStopBelow)) break;
        }
        return kept;
      } catch (error) {
        if (!(error instanceof IndexDamaged) || attempt > 1) throw error;
        await this.#rebuild(error.message);
      }
    }
  }

  /** For those who read `entries` themselves: makes it anew. */
  async repair(damage: IndexDamaged): Promise<void> {
    await this.#rebuild(damage.message);
  }

  /** The entry of a number, where it is found without reading the whole index; it may be of a job removed since. */
  async byNumber(number: number): Promise<IndexEntry | undefined> {
    if (number > this.#top) return undefined;
    await this.#rebuilding;
    try {
      return await entryOfNumber(await this.#files(), number);
    } catch (error) {
      // Whoever reads it all will make it again.
      if (error instanceof IndexDamaged || errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#rebuilding;
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  async #readRequests(): Promise<Map<string, JobId>> {
    let looked = 0;
    const entries = await this.collect(
      ({ requestId }) => {
        looked += 1;
        return requestId !== null;
      },
      () => looked >= REQUESTS_MAX,
    );
    return new Map(entries.reverse().map(({ requestId, jobId }) => [requestId ?? "", jobId]));
  }

  async #append(line: IndexLine): Promise<void> {
    await this.#rebuilding;
    const turn = this.#turn.then(async () => {
      const handle = await this.#handle(new Date().toISOString().slice(0, 7));
      await handle.append(Buffer.from(`${JSON.stringify(line)}\n`));
      await handle.sync();
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #handle(month: string): Promise<AppendHandle> {
    if (this.#file?.month === month) return this.#file.handle;
    await this.#file?.handle.close();
    await this.#options.fs.makeDir(this.#options.folder);
    const handle = await this.#options.fs.openAppend(join(this.#options.folder, `${month}.ndjson`));
    await this.#options.fs.syncDir(this.#options.folder);
    this.#file = { month, handle };
    return handle;
  }

  async *#lines(mention: string | null = null): AsyncIterable<IndexLine> {
    for (const file of await this.#files()) {
      try {
        yield* linesBackwards(file, mention);
      } catch (error) {
        // Nothing of it said anything any more, and it went.
        if (errorCode(error) !== "ENOENT") throw error;
      }
    }
  }

  /** Latest month first. */
  async #files(): Promise<string[]> {
    return ((await this.#months()) ?? []).map((month) => join(this.#options.folder, month));
  }

  /** File names, latest month first; null when the folder is gone. */
  async #months(): Promise<string[] | null> {
    try {
      const names = await this.#options.fs.readDir(this.#options.folder);
      return names
        .filter((name) => /^\d{4}-\d\d\.ndjson$/.test(name))
        .sort()
        .reverse();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** The next line must not be glued to half of one. */
  async #cutTornEnd(month: string): Promise<void> {
    const file = join(this.#options.folder, month);
    if (await endsWithNewline(file)) return;
    const bytes = await this.#options.fs.readFile(file);
    await this.#options.fs.truncate(file, bytes.lastIndexOf(10) + 1);
  }

  async #rebuild(reason: string): Promise<void> {
    this.#rebuilding ??= this.#makeAgain(reason).finally(() => {
      this.#rebuilding = undefined;
    });
    await this.#rebuilding;
  }

  async #makeAgain(reason: string): Promise<void> {
    const { fs, folder, finishedJobs, onRebuild } = this.#options;
    onRebuild(reason);
    this.#count = undefined;
    await this.#turn;
    await this.#file?.handle.close();
    this.#file = undefined;
    const byMonth = new Map<string, IndexEntry[]>();
    for await (const entry of finishedJobs()) {
      const month = (entry.endedAt ?? entry.queuedAt).slice(0, 7);
      const entries = byMonth.get(month);
      if (entries === undefined) byMonth.set(month, [entry]);
      else entries.push(entry);
    }
    await fs.makeDir(folder);
    for (const month of (await this.#months()) ?? []) {
      // Removed jobs have no folder any more; that their numbers were given out is said here alone.
      const text = (await fs.readFile(join(folder, month))).toString("latin1");
      for (const [, top] of text.matchAll(/"top":(\d+)\}/g)) this.#top = Math.max(this.#top, Number(top));
      await fs.unlink(join(folder, month));
    }
    for (const [month, entries] of [...byMonth].sort(([a], [b]) => a.localeCompare(b))) {
      const lines = entries
        .sort((a, b) => (a.endedAt ?? "").localeCompare(b.endedAt ?? ""))
        .map((entry) => {
          this.#top = Math.max(this.#top, entry.number);
          return `${JSON.stringify({ ...entry, top: this.#top })}\n`;
        });
      await fs.writeAtomic(join(folder, `${month}.ndjson`), Buffer.from(lines.join("")));
    }
    await fs.syncDir(folder);
  }
}
