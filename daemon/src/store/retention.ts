/**
 * Finished jobs that go by themselves, when the settings say so (`keepDays`, `keepJobs`), and those somebody asked to
 * go (`aither jobs prune`): one choice, one removal. Looked at when the daemon has started and then hourly, a few jobs at
 * a time, so that nobody feels it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded, type JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import type { KeepLimits } from "../config.ts";
import type { Log, Removal } from "../host.ts";
import { errorCode, isDiskFailure } from "./errors.ts";
import type { IndexEntry } from "./index-lines.ts";
import type { JobIndex } from "./index.ts";

const DAY_MS = 86_400_000;
const LOOK_EVERY_MS = 3_600_000;
/** Jobs that are removed in one go, and the pause after them. */
const REMOVED_AT_ONCE = 20;
const PAUSE_MS = 50;

export type PruneQuery = { readonly olderThanMs?: number; readonly keep?: number; readonly dryRun?: boolean };

export type RetentionOptions = {
  readonly index: JobIndex;
  readonly live: () => Iterable<JobState>;
  readonly remove: (job: { jobId: JobId; number: number }) => Promise<Removal>;
  /** Jobs that still owe a notice, or an undo. */
  readonly owing: () => Promise<ReadonlySet<string>>;
  readonly log: Log;
};

export class Retention {
  readonly #options: RetentionOptions;
  readonly #closed = new AbortController();
  #keep: KeepLimits = { days: null, jobs: null };
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isFirstLook = true;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** With no limit set nothing ever goes by itself. */
  start(keep: KeepLimits): void {
    this.#keep = keep;
    if (keep.days === null && keep.jobs === null) return;
    const look = (): void => void this.#look();
    this.#timer = setInterval(look, LOOK_EVERY_MS).unref();
    look();
  }

  /** Numbers of the jobs removed, or that would be, oldest end first. */
  async prune(query: PruneQuery): Promise<readonly number[]> {
    const turn = this.#turn.then(async () => this.#prune(query));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed.abort();
    await this.#turn;
  }

  async #look(): Promise<void> {
    const { days, jobs } = this.#keep;
    try {
      const removed = await this.prune({
        ...(days !== null && { olderThanMs: days * DAY_MS }),
        ...(jobs !== null && { keep: jobs }),
      });
      // An earlier life may have died before it came to this.
      if (this.#isFirstLook && removed.length === 0) await this.#options.index.compactIfWorthIt();
      this.#isFirstLook = false;
      if (removed.length > 0)
        this.#options.log.info(
          { keep: this.#keep, removed: removed.length },
          "finished jobs were removed, as the settings say",
        );
    } catch (error) {
      this.#options.log.warn({ reason: String(error) }, "old jobs could not be removed; tried again in an hour");
    }
  }

  async #prune({ olderThanMs = 0, keep = 0, dryRun = false }: PruneQuery): Promise<readonly number[]> {
    const { index, remove } = this.#options;
    const finished = await index.collect(
      () => true,
      () => false,
    );
    const doomed = await this.#choose(finished, { before: Date.now() - olderThanMs, keep });
    const removed: number[] = [];
    for (const [at, job] of doomed.entries()) {
      if (this.#closed.signal.aborted) break;
      if (dryRun || (await this.#removed(remove, job))) removed.push(job.number);
      if (!dryRun && at % REMOVED_AT_ONCE === REMOVED_AT_ONCE - 1) await this.#pause();
    }
    if (removed.length > 0 && !dryRun) await index.compactIfWorthIt();
    return removed;
  }

  /** The oldest first, so that a job that undoes another never goes before it: it would be undone twice. */
  async #choose(
    finished: readonly IndexEntry[],
    { before, keep }: { before: number; keep: number },
  ): Promise<IndexEntry[]> {
    const owing = await this.#options.owing();
    const needed = this.#needed(new Map(finished.map(({ jobId, parent }) => [jobId, parent])));
    const endOf = ({ endedAt, queuedAt }: IndexEntry): number => Date.parse(endedAt ?? queuedAt);
    return [...finished]
      .sort((a, b) => b.number - a.number)
      .slice(keep)
      .filter((entry) => endOf(entry) <= before && !needed.has(entry.jobId) && !owing.has(entry.jobId))
      .sort((a, b) => endOf(a) - endOf(b) || a.number - b.number);
  }

  /** Jobs that one which has not ended goes back to: what it retries or undoes, and what those went back to. */
  #needed(parents: ReadonlyMap<string, string | null>): ReadonlySet<string> {
    const needed = new Set<string>();
    for (const state of this.#options.live()) {
      if (hasEnded(state)) continue;
      for (let id: string | null | undefined = state.parent; id && !needed.has(id); id = parents.get(id))
        needed.add(id);
    }
    return needed;
  }

  /** One that cannot go is no reason for the others to stay; a disk that fails is. */
  async #removed(remove: RetentionOptions["remove"], { jobId, number }: IndexEntry): Promise<boolean> {
    try {
      return (await remove({ jobId, number })).is === "removed";
    } catch (error) {
      if (isDiskFailure(error)) throw error;
      this.#options.log.warn({ jobId, reason: String(error) }, "a job could not be removed");
      return false;
    }
  }

  async #pause(): Promise<void> {
    try {
      await delay(PAUSE_MS, undefined, { signal: this.#closed.signal });
    } catch (error) {
      if (errorCode(error) !== "ABORT_ERR") throw error;
    }
  }
}
