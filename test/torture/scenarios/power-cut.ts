/** The power goes right after a job was accepted: what the disk had not promised to keep is gone. */
import type { Patch } from "../../rig/bundle.ts";
import { waitFor } from "../../rig/wait.ts";
import { Prng } from "../../simulation/prng.ts";
import { jobs, onBench } from "../lib/bench.ts";
import type { Violation } from "../lib/history.ts";
import { marked, signal } from "../lib/machine.ts";
import { cutPower, listening } from "../lib/power.ts";

export async function powerCut(patches: readonly Patch[]): Promise<readonly Violation[]> {
  return onBench(jobs([{ sleepMs: 30_000 }]), { patches: [...listening, ...patches] }, async (bench) => {
    const jobId = await bench.start("job-1");
    await bench.daemon.kill();
    await waitFor("the end of all processes", () => {
      const left = marked(new Set([jobId]));
      for (const { pid } of left) signal(pid, "SIGKILL");
      return left.length === 0;
    });
    const { workspace } = bench.daemon;
    cutPower(workspace.places.state, workspace.path("synced"), new Prng(1));
    // Only what was accepted is asked for: nothing has had the time to end.
    return bench.violations().filter(({ checker }) => checker === "I1 acked-never-forgotten");
  });
}
