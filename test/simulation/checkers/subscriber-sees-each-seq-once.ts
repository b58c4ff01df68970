import type { Happened } from "../history.ts";
import type { Checker, JobTruth, Truth } from "../truth.ts";

/** Over cuts and crashes, a watcher sees every event after its snapshot once, in order, and then the end. */
export const subscriberSeesEachSeqOnce: Checker = {
  name: "subscriber-sees-each-seq-once",
  *find(truth) {
    const watchers = new Map<number, Happened[]>();
    for (const one of truth.all) {
      if (one.is !== "watched" && one.is !== "watch-opened") continue;
      const all = watchers.get(one.watcher) ?? [];
      watchers.set(one.watcher, all);
      all.push(one);
    }
    for (const [watcher, seen] of watchers) {
      for (const message of wrong(truth, seen)) yield `watcher ${watcher}: ${message}`;
    }
  },
};

function* wrong(truth: Truth, seen: readonly Happened[]): Iterable<string> {
  const jobId = seen[0]?.is === "watch-opened" ? seen[0].jobId : "";
  const job = truth.jobs.find(({ id }) => id === jobId);
  let last: number | null = null;
  let cut: number | null = null;
  let ended = false;
  for (const one of seen) {
    if (one.is === "watch-opened") {
      if (cut !== null && one.after !== cut) yield `was told to go on after ${cut}`;
      last ??= one.after;
      cut = null;
    }
    if (one.is !== "watched") continue;
    if (ended) yield "something came after the end";
    const { item } = one;
    if (item.is === "snapshot") {
      if (last !== null) yield `a snapshot came in the middle`;
      last = item.state.seq;
    }
    if (item.is === "event") {
      if (item.event.seq !== (last ?? 0) + 1) yield `seq ${item.event.seq} came after ${last}`;
      last = item.event.seq;
    }
    if (item.is === "cut") {
      if (item.after !== last) yield `was cut after ${item.after}, but had seen ${last}`;
      cut = item.after;
    }
    if (item.is === "end") ended = true;
  }
  if (!ended) yield `never saw the end of ${jobId}`;
  else if (last !== lastSeq(job)) yield `saw the end after seq ${last} of ${lastSeq(job)}`;
}

function lastSeq(job: JobTruth | undefined): number {
  return job?.events.at(-1)?.seq ?? 0;
}
