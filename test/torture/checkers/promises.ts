/** What was answered or shown to somebody: I1, I5, I7. */
import type { Checker } from "../lib/history.ts";
import { jobOf } from "./facts.ts";

/** I1: what was accepted is there for ever, and a repeated request is the same job. */
export const ackedNeverForgotten: Checker = {
  name: "I1 acked-never-forgotten",
  *find({ jobs, journals }) {
    const known = new Map(journals.map((journal) => [journal.jobId, journal]));
    for (const { spec, acked, cancelAckedAtMs } of jobs) {
      for (const jobId of acked) {
        const journal = known.get(jobId);
        if (journal === undefined) yield `${spec.key} was accepted as ${jobId}, and there is no such job`;
        else if (journal.key !== spec.key) yield `${spec.key} was accepted as ${jobId}, which is of ${journal.key}`;
      }
      if (new Set(acked).size > 1) yield `${spec.key} was accepted as ${[...new Set(acked)].join(" and ")}`;
      const events = known.get(acked[0] ?? "")?.events;
      if (cancelAckedAtMs !== null && events?.some(({ type }) => type === "OrchestrationCancelRequested") === false) {
        yield `the cancel of ${spec.key} was accepted and is not in its journal`;
      }
    }
    const keys = journals.flatMap(({ key }) => (key === null ? [] : [key]));
    for (const key of new Set(keys)) {
      const count = keys.filter((other) => other === key).length;
      if (count > 1) yield `${key} became ${count} jobs`;
    }
  },
};

/** I1, too: every job comes to its end once it is left in peace. */
export const everyJobEnds: Checker = {
  name: "I1 every-job-ends",
  *find({ jobs, journals }) {
    for (const { spec, acked } of jobs) {
      const events = journals.find(({ jobId }) => jobId === acked[0])?.events;
      const last = events?.at(-1)?.type;
      if (acked.length === 0) yield `${spec.key} was never accepted`;
      else if (!/^Orchestration(Completed|Failed|Cancelled)$/.test(last ?? "")) {
        yield `${spec.key} (${acked[0]}) ends with ${last ?? "nothing"}`;
      }
    }
  },
};

/** I5: numbers without a gap, times without a lie, and nobody was shown what is not on disk. */
export const journalsAreWhole: Checker = {
  name: "I5 journals-are-whole",
  *find({ journals, published, lines, withoutIntent }) {
    for (const { jobId, events } of journals) {
      if (events === undefined) {
        yield `the journal of ${jobId} has a line that is no event`;
        continue;
      }
      const gap = events.findIndex(({ seq }, at) => seq !== at + 1);
      if (gap >= 0) yield `line ${gap + 1} of the journal of ${jobId} has seq ${events[gap]?.seq}`;
      const ends = events.filter(({ type }) => /^Orchestration(Completed|Failed|Cancelled)$/.test(type)).length;
      if (ends > 1) yield `${jobId} ended ${ends} times`;
    }
    // One follower a job, which is shown each fact once and in its order, over every death of the daemon.
    const shown = new Map<string, number>();
    for (const { jobId, text } of published) {
      const at = (shown.get(jobId) ?? 0) + 1;
      shown.set(jobId, at);
      const seq = Number(/"seq":(\d+)/.exec(text)?.[1] ?? at);
      if (seq !== at) yield `the follower of ${jobId} was shown seq ${seq} in place of ${at}`;
      if (lines.get(jobId)?.has(text) !== true) yield `a client was shown what is not in the journal: ${text}`;
    }
    for (const marker of withoutIntent) yield `${marker} was claimed before its intent was in the journal`;
  },
};

/** The kernel stamps files with the time of its last tick. */
const TICK_MS = 10;

/** I7: once a cancel was answered with yes, nothing is claimed any more. */
export const cancelledMeansIt: Checker = {
  name: "I7 no-start-after-cancel",
  *find({ jobs, journals, attempts }) {
    const ackedAt = new Map<string, number>();
    for (const { acked, cancelAckedAtMs } of jobs) {
      if (cancelAckedAtMs !== null && acked[0] !== undefined) ackedAt.set(acked[0], cancelAckedAtMs);
    }
    for (const { marker, claimedAtMs } of attempts) {
      const cancelled = ackedAt.get(jobOf(marker));
      if (cancelled === undefined || claimedAtMs === null) continue;
      if (claimedAtMs > cancelled + TICK_MS)
        yield `${marker} was claimed ${claimedAtMs - cancelled} ms after its cancel`;
    }
    for (const { jobId, events } of journals) {
      const cancel = events?.findIndex(({ type }) => type === "OrchestrationCancelRequested") ?? -1;
      if (cancel < 0) continue;
      const later = events?.slice(cancel).find(({ type }) => type === "ScriptScheduled");
      if (later !== undefined) yield `${jobId} scheduled a script (seq ${later.seq}) after its cancel`;
    }
  },
};
