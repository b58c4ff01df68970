/** A script that lets itself be ended by TERM, which its whole group gets: somebody must be left to record it. */
import { askUntilAnswered } from "../lib/clients.ts";
import { jobs, noted, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";

export const askedToEnd: Scenario = async (patches) =>
  onBench(jobs([{ sleepMs: 600_000 }]), { patches }, async ({ daemon, diary, ledger, start, violations }) => {
    const jobId = await start("job-1");
    await noted(ledger, "start 1 ");
    await daemon.event(jobId, "ScriptStarted");
    await askUntilAnswered({ daemon }, async () => daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}));
    diary.cancelled("job-1");
    await daemon.ended(jobId);
    return violations();
  });
