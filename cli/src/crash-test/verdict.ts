/** Holds what the crash test found against what had to be. */
import type { Event, JobDetail } from "@aither/protocol";
import { bad, good, type Finding } from "../doctor/finding.ts";
import { expectedOutput, tasks, type LedgerLine } from "./workload.ts";

/** One job as it was seen from outside. */
export type Observed = {
  readonly job: JobDetail;
  /** What `jobs logs` gives for each task, by its id. */
  readonly output: ReadonlyMap<string, string>;
  /** What somebody who followed from the first moment was told, over all kills. */
  readonly followed: readonly Event[];
};

export type Story = {
  readonly jobs: readonly Observed[];
  readonly ledger: readonly LedgerLine[];
  /** Daemons killed; and scripts that ran in those moments, of which so many were alive right after. */
  readonly kills: number;
  readonly seenRunning: number;
  readonly seenAlive: number;
  /** Processes of scripts that were still there at the end. */
  readonly left: number;
};

const MEND = "this is a bug of ours: keep the folder named below and report it";

export function verdict(story: Story): Finding[] {
  const { jobs, kills, seenRunning, seenAlive, left } = story;
  const each = tasks.length * jobs.length;
  return [
    seenAlive === seenRunning
      ? good("survival", `${kills} daemons killed; of ${seenRunning} scripts caught running, all ran on`)
      : bad("survival", `${seenRunning - seenAlive} of ${seenRunning} scripts died with their daemon`, MEND),
    told("jobs", jobs.flatMap(jobFaults), `${jobs.length} jobs completed`),
    told("runs", runFaults(story), `${each} scripts, each started once and ended once`),
    told("exit codes", jobs.flatMap(exitCodeFaults), `${each} true`),
    told("output", jobs.flatMap(outputFaults), `${each} logs complete, line by line`),
    told("events", jobs.flatMap(eventFaults), "a follower missed none and saw none twice"),
    left === 0 ? good("left behind", "nothing") : bad("left behind", `${left} processes of scripts`, MEND),
  ];
}

const SHOWN_MAX = 3;

function told(name: string, faults: readonly string[], fine: string): Finding {
  if (faults.length === 0) return good(name, fine);
  const more = faults.length > SHOWN_MAX ? ` and ${faults.length - SHOWN_MAX} more` : "";
  return bad(name, `${faults.slice(0, SHOWN_MAX).join("; ")}${more}`, MEND);
}

function jobFaults({ job }: Observed): string[] {
  return job.status === "Completed" ? [] : [`job ${job.number} ended as ${job.status}`];
}

function runFaults({ jobs, ledger }: Story): string[] {
  return jobs.flatMap(({ job }) =>
    tasks.flatMap(({ id }) =>
      ["start", "end"].flatMap((what) => {
        const times = ledger.filter(
          (line) => line.what === what && line.jobId === job.jobId && line.task === id,
        ).length;
        return times === 1 ? [] : [`${id} of job ${job.number}: ${times} × ${what}`];
      }),
    ),
  );
}

function exitCodeFaults({ job }: Observed): string[] {
  const scripts = job.stages.flatMap(({ legs }) => legs.flatMap((leg) => leg.scripts));
  return tasks.flatMap(({ id, exitCode }) => {
    const found = scripts.find((script) => script.name === id)?.exitCode ?? null;
    return found === exitCode ? [] : [`${id} of job ${job.number}: ${found} instead of ${exitCode}`];
  });
}

function outputFaults({ job, output }: Observed): string[] {
  return tasks.flatMap((task) => {
    const [wanted, found] = [expectedOutput(task), output.get(task.id) ?? ""];
    return found === wanted ? [] : [`${task.id} of job ${job.number}: ${found.length} of ${wanted.length} bytes`];
  });
}

function eventFaults({ job, followed }: Observed): string[] {
  const at = followed.findIndex(({ seq }, index) => seq !== index + 1);
  if (at >= 0) return [`job ${job.number}: event ${followed[at]?.seq} came in place of ${at + 1}`];
  const last = followed.at(-1)?.type ?? "none";
  return last === "OrchestrationCompleted" ? [] : [`job ${job.number}: the last event was ${last}`];
}
