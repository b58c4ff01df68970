/** The daemon dies in the middle of a script's output; not a byte and not the code may be lost. */
import { jobs, noted, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";

export const outputSurvives: Scenario = async (patches) =>
  onBench(jobs([{ sleepMs: 1_500, lines: 400 }]), { patches }, async ({ daemon, ledger, start, violations }) => {
    const jobId = await start("job-1");
    await noted(ledger, "start 1 ");
    await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    // Its second half is written while nobody listens. A script whose reader died does not even get here.
    await noted(ledger, "end 1 ", 6_000).catch(() => undefined);
    await daemon.launch();
    await daemon.ended(jobId);
    return violations();
  });
