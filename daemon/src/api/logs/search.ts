/** Search through the output of many jobs: newest job first, each job's attempts in the order of its journal. */
import { problem, type JobSummary, type Problem, type SearchHit } from "@aither/protocol";
import type { Host, OutputRef } from "../../host.ts";
import { Searcher, SearchTooSlow } from "../../search/searcher.ts";
import type { FileHit } from "../../search/part.ts";
import type { SearchQuery } from "../../search/query.ts";
import { limits } from "../limits.ts";
import type { Sink } from "../streams/sink.ts";
import { attemptsOf } from "./attempts.ts";
import { selectScripts } from "./select.ts";

export type Scope = {
  /** Null: all jobs. */
  readonly job: JobSummary | null;
  readonly script: string | null;
  readonly attempt: number | null;
  readonly stream: "out" | "err" | null;
  /** Only what was written since then, ms since the epoch. */
  readonly sinceMs: number | null;
  /** Only lines from this one on. */
  readonly fromLine: number;
  /** So many lines at most. */
  readonly max: number;
};

/** How many searches run now; each has a thread of its own. */
let running = 0;

/** Null while one more may begin. */
export function tooMany(): Problem | null {
  if (running < limits.searchesMax) return null;
  return problem("LIMIT_REACHED", `${limits.searchesMax} searches are running`);
}

/** Sends what it finds as it finds it. Resolves to true when everything was sent, a reason to stop included. */
export async function sendHits(host: Host, query: SearchQuery, { scope, sink }: { scope: Scope; sink: Sink }) {
  running += 1;
  try {
    await using searcher = new Searcher(query);
    let left = scope.max;
    for await (const { job, ref } of outputs(host, scope)) {
      if (sink.signal.aborted) return false;
      const order = await host.store.output.searchable(ref, scope.sinceMs);
      if (order === null) continue;
      const times = new HitTimes(host, ref);
      for await (const hits of searcher.search(order)) {
        const fitting = hits.filter(({ line }) => line >= scope.fromLine).slice(0, left);
        if (fitting.length > 0) {
          const dated = await times.of(fitting);
          await sink.write(dated.map((hit) => print(job, ref, hit)).join(""));
        }
        left -= fitting.length;
        if (left === 0) return true;
        if (sink.signal.aborted) return false;
      }
    }
    return !sink.signal.aborted;
  } catch (error) {
    if (!(error instanceof SearchTooSlow)) throw error;
    const detail = "the regex takes too long on a line of the output; nothing more is searched";
    await sink.write(`${JSON.stringify({ problem: problem("SEARCH_TOO_SLOW", detail) })}\n`);
    return true;
  } finally {
    running -= 1;
  }
}

type Dated = Pick<SearchHit, "line" | "time" | "text">;

/** When lines of one output were written; an output without a hit costs nothing. */
class HitTimes {
  readonly #host: Host;
  readonly #ref: OutputRef;
  #recorded: ((offset: number) => number | null) | undefined;

  constructor(host: Host, ref: OutputRef) {
    this.#host = host;
    this.#ref = ref;
  }

  async of(hits: readonly FileHit[]): Promise<Dated[]> {
    // What is still written may have got its time since the last look.
    const isKnown = hits.every(({ lastByte }) => typeof this.#recorded?.(lastByte) === "number");
    if (!isKnown) this.#recorded = await this.#host.store.output.times(this.#ref);
    return hits.map(({ line, text, lastByte }) => {
      const ms = this.#recorded?.(lastByte) ?? null;
      return { line, time: ms === null ? null : new Date(ms).toISOString(), text };
    });
  }
}

function print({ jobId, number }: JobSummary, { script, attempt, stream }: OutputRef, found: Dated): string {
  const hit: SearchHit = { jobId, number, script, attempt, stream, ...found };
  return `${JSON.stringify(hit)}\n`;
}

async function* outputs(
  host: Host,
  scope: Scope,
): AsyncGenerator<{ job: JobSummary; ref: OutputRef }, void, undefined> {
  for await (const job of scope.job === null ? jobs(host, scope.sinceMs) : [scope.job]) {
    const keys = await keysOf(host, job, scope.script);
    if (keys === "none") continue;
    const query = { jobId: job.jobId, keys, attempt: scope.attempt, follow: false };
    for await (const item of attemptsOf(host, { ...query, signal: new AbortController().signal })) {
      if (item.is !== "scheduled") continue;
      for (const ref of item.attempt.streams)
        if (scope.stream === null || ref.stream === scope.stream) yield { job, ref };
    }
  }
}

/** What has ended before `sinceMs` wrote nothing after it. */
async function* jobs(host: Host, sinceMs: number | null): AsyncGenerator<JobSummary, void, undefined> {
  for await (const job of host.store.each()) {
    if (sinceMs === null || job.endedAt === null || Date.parse(job.endedAt) >= sinceMs) yield job;
  }
}

/** A job whose journal is damaged, or which was removed meanwhile, is passed over. */
async function keysOf(
  host: Host,
  { jobId }: JobSummary,
  script: string | null,
): Promise<ReadonlySet<string> | null | "none"> {
  const state = await host.store.state(jobId).catch(() => null);
  if (state === null) return "none";
  return script === null ? null : (selectScripts(state, script) ?? "none");
}
