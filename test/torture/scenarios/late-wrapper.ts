/** A command still lies in the pipe of a dead daemon's spawner, and is obeyed after the next daemon has given it up. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../../rig/wait.ts";
import { jobs, onBench } from "../lib/bench.ts";
import type { Scenario } from "../lib/defences.ts";
import { marked, signal, spawnerOf } from "../lib/machine.ts";

const SYNC_MS = 2_000;

export const lateWrapper: Scenario = async (patches) =>
  onBench(jobs([{}], [{}]), { patches }, async ({ daemon, start, base, violations }) => {
    await daemon.ended(await start("job-1"));
    const spawner = spawnerOf(daemon.pid);
    if (spawner === undefined) throw new Error("this daemon has no spawner");
    signal(spawner, "SIGSTOP");
    const jobId = await start("job-2");
    const first = await base(jobId, 2, 1);
    // The exit record is there, so the command follows as soon as it is synced; nobody sees into the pipe of a stopped
    // process, and a busy disk takes its time.
    await delay(SYNC_MS);
    await daemon.job(jobId);
    await daemon.kill();
    await daemon.launch();
    await daemon.event(jobId, "ScriptFenced");
    await daemon.ended(jobId);
    signal(spawner, "SIGCONT");
    // The shell opens the log before it runs the wrapper: by it one sees that there was a late one.
    await waitFor("the late wrapper", () => existsSync(`${first}.log`));
    await waitFor("its end", () => marked(new Set([jobId])).length === 0);
    return violations();
  });
