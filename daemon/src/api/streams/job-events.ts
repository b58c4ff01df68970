import type { JobState } from "@aither/core";
import type { Event, JobId } from "@aither/protocol";
import type { Host } from "../../host.ts";

export type JobItem =
  | { readonly is: "snapshot"; readonly state: JobState }
  | { readonly is: "event"; readonly event: Event }
  | { readonly is: "end"; readonly seq: number }
  /** It was cut off and got nowhere since the last time: somebody reads far too slowly. */
  | { readonly is: "slow"; readonly after: number };

export type Following = { readonly jobId: JobId; readonly after?: number; readonly signal: AbortSignal };

/**
 * A job's events without a gap or a repeat, for readers of any speed: whom the engine cuts off for being slow reads
 * on from the journal. Ends after the job's end; without `end` when the daemon stops or `signal` is aborted.
 */
export async function* jobEvents(host: Host, { jobId, after, signal }: Following): AsyncGenerator<JobItem, void> {
  let last = after;
  for (;;) {
    const before = last;
    let isCut = false;
    for await (const item of host.engine.watch(jobId, { signal, ...(last !== undefined && { after: last }) })) {
      if (item.is === "cut") {
        isCut = true;
        break;
      }
      if (item.is === "snapshot") last = item.state.seq;
      if (item.is === "event") last = item.event.seq;
      yield item;
      if (item.is === "end") return;
    }
    if (!isCut || signal.aborted) return;
    if (last === before) {
      yield { is: "slow", after: last ?? 0 };
      return;
    }
  }
}
