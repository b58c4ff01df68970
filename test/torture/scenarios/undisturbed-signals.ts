/** A script begins with all signals as they were, and nobody keeps its corpse. */
import { readProcessStat } from "@aither/supervise";
import { waitFor } from "../../rig/wait.ts";
import { onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";
import { names, spawnerOf } from "../lib/machine.ts";

const text = 'while read -r key value; do [ "$key" = SigIgn: ] && echo "$value"; done < /proc/$$/status; true';

export const undisturbedSignals: Scenario = async (patches) =>
  onBench([], { patches }, async ({ daemon }) => {
    const steps = [{ name: "ignored", shell: "sh", script: text }];
    const playbook = { metadata: { name: "signals", version: "1.0.0" }, orchestration: { jobs: { s: { steps } } } };
    const jobId = await daemon.startJob(playbook);
    await daemon.ended(jobId);
    const { text: log } = await daemon.ask("GET", `/api/jobs/${jobId}/logs`);
    const found: { checker: string; message: string }[] = [];
    const ignored = /[0-9a-f]{16}/.exec(log)?.[0];
    if (ignored === undefined) throw new Error(`the script did not say which signals it ignores: ${log}`);
    if (BigInt(`0x${ignored}`) !== 0n)
      found.push({ checker: "signals", message: `ignored from the start: ${ignored}` });
    const spawner = spawnerOf(daemon.pid);
    if (spawner === undefined) throw new Error("this daemon has no spawner");
    const corpses = await waitFor("no corpse", () => corpsesOf(spawner) === 0, 2_000).catch(() => corpsesOf(spawner));
    if (corpses !== true) found.push({ checker: "signals", message: `the spawner keeps ${corpses} corpses` });
    return found;
  });

function corpsesOf(parent: number): number {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readProcessStat(Number(pid)) ?? [])
    .filter(({ parentPid, state }) => parentPid === parent && state === "Z").length;
}
