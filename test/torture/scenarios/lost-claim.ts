/** A script has begun and the power goes: of claim and start nothing was synced, so only the intent is left. */
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../rig/wait.ts";
import { jobs, noted, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";
import { claimsOf, marked, read, signal } from "../lib/machine.ts";

export const lostClaim: Scenario = async (patches) => {
  const folder = mkdtempSync(join(tmpdir(), "aither-boot-"));
  const boot = join(folder, "boot");
  writeFileSync(boot, "boot-0\n");
  try {
    const env = { AITHER_TEST_BOOT_ID_FILE: boot };
    return await onBench(jobs([{ sleepMs: 200 }]), { patches, env }, async ({ daemon, diary, start, ...bench }) => {
      const jobId = await start("job-1");
      await noted(bench.ledger, "start 1 ");
      await daemon.kill();
      const state = await daemon.workspace.jobFolder(jobId);
      for (const { marker, base } of claimsOf(state, jobId)) {
        diary.harm(marker, "reboot");
        unlinkSync(`${base}.claim`);
      }
      await waitFor("the end of all processes", () => {
        const left = marked(new Set([jobId]));
        for (const { pid } of left) signal(pid, "SIGKILL");
        return left.length === 0;
      });
      const journal = join(state, "events.ndjson");
      const lines = (read(journal) ?? "").split("\n");
      const intent = lines.findIndex((line) => line.includes('"ScriptScheduled"'));
      writeFileSync(journal, `${lines.slice(0, intent + 1).join("\n")}\n`);
      writeFileSync(boot, "boot-1\n");
      await daemon.launch();
      await daemon.ended(jobId);
      return bench.violations();
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
};
