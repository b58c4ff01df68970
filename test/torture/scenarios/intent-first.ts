/** The daemon dies the moment a script runs: by then the journal must say that it was to run. */
import { jobs, noted, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";
import { claimsWithoutIntent } from "../lib/intents.ts";
import { signal } from "../lib/machine.ts";
import { askUntilAnswered } from "../lib/clients.ts";

export const intentFirst: Scenario = async (patches) =>
  onBench(jobs([{ sleepMs: 50 }]), { patches }, async ({ daemon, diary, ledger, start, violations }) => {
    const accepted = start("job-1");
    await noted(ledger, "start 1 ");
    signal(daemon.pid, "SIGKILL");
    await daemon.kill();
    diary.withoutIntent.push(...claimsWithoutIntent(daemon.workspace.places.state));
    await daemon.launch();
    await accepted;
    const [jobId = ""] = diary.jobIds;
    const known = await askUntilAnswered({ daemon }, async () => daemon.ask("GET", `/api/jobs/${jobId}`));
    if (known.status === 200) await daemon.ended(jobId);
    await noted(ledger, "end 1 ");
    return violations();
  });
