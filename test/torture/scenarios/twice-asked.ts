/** A client that never heard the answer sends its request again, to the next daemon, when the job has long ended. */
import { jobs, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";

export const twiceAsked: Scenario = async (patches) =>
  onBench(jobs([{}]), { patches }, async ({ daemon, diary, start, violations }) => {
    await daemon.ended(await start("job-1"));
    await daemon.restart();
    await start("job-1");
    for (const jobId of diary.jobIds) await daemon.ended(jobId);
    return violations();
  });
