/** Finding jobs among the live and the finished ones. Nothing here writes. */
import { hasEnded, summary, type JobState } from "@aither/core";
import type { JobId, JobSummary } from "@aither/protocol";
import type { Found, JobPage, JobQuery, Secrets } from "../host.ts";
import { IndexDamaged, mentioning } from "./index-lines.ts";
import type { JobIndex } from "./index.ts";
import { isJobId } from "./layout.ts";

export type ListingOptions = {
  readonly index: JobIndex;
  /** Jobs that are not in the index yet. */
  readonly live: () => Iterable<JobState>;
  readonly secrets: Secrets;
  /** Open jobs that cannot be continued, as far as they are known. */
  readonly setAside: () => Promise<readonly JobSummary[]>;
  /** Whether there is a job with this id. */
  readonly isThere: (jobId: JobId) => Promise<boolean>;
};

export class Listing {
  readonly #options: ListingOptions;

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  async list(query: JobQuery): Promise<JobPage> {
    const matches = matcher(query);
    const current = (await this.#current()).filter(matches);
    const known = new Set(current.map((job) => job.jobId));
    const wanted = query.limit + 1;
    const before = query.before ?? Number.POSITIVE_INFINITY;
    let isSorted = 0;
    const finished = await this.#options.index.collect(
      (entry) => !known.has(entry.jobId) && matches(entry),
      (kept, mayStopBelow) => {
        if (kept.length + current.length < wanted || mayStopBelow >= before) return false;
        // Sorting at each line would be dear: look again only when something was added.
        if (kept.length === isSorted) return false;
        isSorted = kept.length;
        const numbers = [...current, ...kept].map((job) => job.number).sort((a, b) => b - a);
        return (numbers[wanted - 1] ?? 0) >= mayStopBelow;
      },
      mentionOf(query),
    );
    const jobs = [...current, ...finished.map(withoutIndexFields)].sort((a, b) => b.number - a.number);
    const page = jobs.slice(0, query.limit);
    return { jobs: page, next: jobs.length > query.limit ? (page.at(-1)?.number ?? null) : null };
  }

  /** All jobs, newest number first, in one reading of the index: pages would read it again from its end for each. */
  async *each(): AsyncIterable<JobSummary> {
    let below = Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const job of this.#inOrder()) {
          if (job.number >= below) continue;
          below = job.number;
          yield job;
        }
        return;
      } catch (error) {
        if (!(error instanceof IndexDamaged) || attempt > 1) throw error;
        await this.#options.index.repair(error);
      }
    }
  }

  async *#inOrder(): AsyncIterable<JobSummary> {
    const current = await this.#current();
    const known = new Set(current.map((job) => job.jobId));
    /** Read, but a higher number may still follow. The highest is last. */
    const waiting = current.sort((a, b) => a.number - b.number);
    for await (const { entry, mayStopBelow } of this.#options.index.entries()) {
      if (!known.has(entry.jobId)) {
        const place = waiting.findLastIndex((job) => job.number < entry.number);
        waiting.splice(place + 1, 0, withoutIndexFields(entry));
      }
      while ((waiting.at(-1)?.number ?? -1) >= mayStopBelow) yield waiting.pop()!;
    }
    while (waiting.length > 0) yield waiting.pop()!;
  }

  async find(text: string, workspace?: string): Promise<Found> {
    const name = text.trim().replace(/^#/, "");
    if (name === "") return { is: "none" };
    if (/^[1-9]\d{0,14}$/.test(name)) {
      const byNumber = await this.#byNumber(Number(name));
      if (byNumber !== undefined) return one(byNumber);
    }
    if (name === "latest") return this.#latest(() => true, workspace);
    if (isJobId(name)) {
      // Its folder is faster to find than its line.
      return (await this.#options.isThere(name)) ? { is: "one", jobId: name } : { is: "none" };
    }
    const isName = (job: JobSummary): boolean => same(job.playbook, name) || same(job.name, name);
    const byName = await this.#latest(isName, workspace, mentioning(name));
    if (byName.is === "one") return byName;
    return isPartOfId(name) ? this.#byPart(name.toLowerCase()) : { is: "none" };
  }

  async findRequest(requestId: string): Promise<JobId | null> {
    for (const state of this.#options.live()) if (state.requestId === requestId) return state.id;
    return (await this.#options.index.byRequest(requestId)) ?? null;
  }

  async counts(): Promise<{ active: number; finished: number }> {
    const active = [...this.#options.live()].filter((state) => !hasEnded(state));
    return { active: active.length, finished: await this.#options.index.count() };
  }

  async #latest(fits: (job: JobSummary) => boolean, workspace?: string, mention: string | null = null): Promise<Found> {
    const inWorkspace = (job: JobSummary): boolean => workspace === undefined || job.workspace === workspace;
    const found =
      (await this.#newest((job) => fits(job) && inWorkspace(job), mention)) ??
      (workspace === undefined ? undefined : await this.#newest(fits, mention));
    return found === undefined ? { is: "none" } : one(found);
  }

  /** A part of an id: the first ones are meant by people who copy a beginning, so a unique beginning wins. */
  async #byPart(part: string): Promise<Found> {
    const fits = (job: JobSummary): boolean => job.jobId.includes(part);
    const current = (await this.#current()).filter(fits);
    const known = new Set(current.map((job) => job.jobId));
    const finished = await this.#options.index.collect(
      (entry) => !known.has(entry.jobId) && fits(entry),
      () => false,
      part,
    );
    const all = [...current, ...finished];
    const beginning = all.filter((job) => job.jobId.startsWith(part));
    const best = beginning.length > 0 ? beginning : all;
    if (best[0] === undefined) return { is: "none" };
    if (best.length === 1) return one(best[0]);
    return {
      is: "many",
      candidates: best
        .sort((a, b) => b.number - a.number)
        .slice(0, 10)
        .map((job) => `#${job.number} ${job.name} (${job.jobId.slice(0, Math.max(8, part.length + 2))})`),
    };
  }

  async #newest(fits: (job: JobSummary) => boolean, mention: string | null): Promise<JobSummary | undefined> {
    const current = (await this.#current()).filter(fits).sort((a, b) => b.number - a.number)[0];
    const finished = await this.#options.index.collect(
      fits,
      (kept, mayStopBelow) =>
        kept.some((entry) => entry.number >= mayStopBelow) || (current?.number ?? 0) >= mayStopBelow,
      mention,
    );
    return [...(current === undefined ? [] : [current]), ...finished].sort((a, b) => b.number - a.number)[0];
  }

  /** Mostly it is where its number leads; else all is read that may hold it. */
  async #byNumber(number: number): Promise<JobSummary | undefined> {
    const { index, isThere } = this.#options;
    const fits = (job: JobSummary): boolean => job.number === number;
    const current = (await this.#current()).find(fits);
    if (current !== undefined) return current;
    const known = await index.byNumber(number);
    if (known !== undefined) return (await isThere(known.jobId)) ? known : undefined;
    const [found] = await index.collect(
      fits,
      (kept, mayStopBelow) => kept.length > 0 || mayStopBelow < number,
      `"number":${number},`,
    );
    return found;
  }

  async #current(): Promise<JobSummary[]> {
    const { secrets } = this.#options;
    const live = [...this.#options.live()].map((state) => {
      const known = summary(state);
      return secrets.now(state.id)?.document(known) ?? known;
    });
    return [...live, ...(await this.#options.setAside())];
  }
}

function one(job: JobSummary): Found {
  return { is: "one", jobId: job.jobId };
}

function matcher(query: JobQuery): (job: JobSummary) => boolean {
  const text = query.text?.toLowerCase();
  return (job) =>
    job.number < (query.before ?? Number.POSITIVE_INFINITY) &&
    (query.statuses === undefined || query.statuses.includes(job.status)) &&
    (query.playbook === undefined || same(job.playbook, query.playbook)) &&
    (query.workspace === undefined || job.workspace === query.workspace) &&
    (query.sinceMs === undefined || Date.parse(job.queuedAt) >= query.sinceMs) &&
    (text === undefined ||
      [job.name, job.playbook, job.workspace, job.jobId].some((part) => part.toLowerCase().includes(text)));
}

/** What each line that is listed holds, if there is something. */
function mentionOf({ text, playbook, statuses }: JobQuery): string | null {
  const said = mentioning(text ?? playbook ?? "");
  return said ?? (statuses?.length === 1 ? `"status":"${statuses[0]}"` : null);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function withoutIndexFields<T extends { requestId: unknown; date: unknown; top: unknown }>(
  entry: T,
): Omit<T, "requestId" | "date" | "top"> {
  const { requestId: _requestId, date: _date, top: _top, ...rest } = entry;
  return rest;
}

/**
 * Whoever mistypes a number or a name must not hit a job whose id happens to contain it: digits alone mean a number, unless
 * they are as many as the first group of an id has, and fewer than four characters mean no id (as in git).
 */
function isPartOfId(name: string): boolean {
  return /^[0-9a-f-]{4,}$/i.test(name) && !/^\d{1,7}$/.test(name);
}
