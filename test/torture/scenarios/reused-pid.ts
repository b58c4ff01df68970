/** While no daemon lives, wrapper and script die, and a stranger gets the wrapper's pid from the kernel. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { waitFor } from "../../rig/wait.ts";
import { jobs, noted, onBench } from "../lib/bench.ts";
import { askUntilAnswered } from "../lib/clients.ts";
import type { Scenario } from "../lib/defences.ts";
import { allProcesses, marked, read, signal } from "../lib/machine.ts";

const LAST_PID = "/proc/sys/kernel/ns_last_pid";
const TRIES = 400;

export const reusedPid: Scenario = async (patches) => {
  try {
    writeFileSync(LAST_PID, String(read(LAST_PID) ?? "").trim());
  } catch (error) {
    return { skipped: `the next pid cannot be chosen here: ${String(error)}` };
  }
  return onBench(jobs([{ sleepMs: 600_000 }]), { patches }, async ({ daemon, diary, ledger, start, violations }) => {
    const jobId = await start("job-1");
    await noted(ledger, "start 1 ");
    const { handle } = await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    for (const { marker } of marked(new Set([jobId]))) diary.harm(marker, "group");
    signal(-handle.pid, "SIGKILL");
    await waitFor("the end of wrapper and script", () => marked(new Set([jobId])).length === 0);
    await waitFor("its pid to be free", () => read(`/proc/${handle.pid}/stat`) === undefined);
    const heard = daemon.workspace.path("stranger");
    const stranger = await strangerWith(handle.pid, heard);
    if (stranger === undefined) return { skipped: `pid ${handle.pid} went to somebody else` };
    try {
      await daemon.launch();
      const ended = async (): Promise<boolean> => (await daemon.job(jobId)).endedAt !== null;
      await waitFor("the interruption to be noticed", ended, 3_000).catch(() => undefined);
      // Whoever takes the stranger for the wrapper now has a reason to end it.
      await askUntilAnswered({ daemon }, async () => daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}));
      await waitFor("the end of the job", ended, 12_000).catch(() => undefined);
      const words = (read(heard) ?? "").trim();
      if (words !== "") diary.strayedSignals.push(words);
      if (stranger.exitCode !== null || stranger.signalCode !== null) diary.strayedSignals.push("SIGKILL");
      return violations();
    } finally {
      stranger.kill("SIGKILL");
    }
  });
};

/** A process of nobody's with this very pid, which notes the signals it gets. */
async function strangerWith(pid: number, heard: string): Promise<ChildProcess | undefined> {
  const text = `trap 'echo TERM >> "${heard}"' TERM; : > "${heard}.ready"; while :; do sleep 0.1; done`;
  for (let at = 0; at < TRIES; at += 1) {
    writeFileSync(LAST_PID, String(pid - 1));
    const child = spawn("/bin/sh", ["-c", text], { detached: true, stdio: "ignore" });
    if (child.pid === pid) {
      await waitFor("the stranger", () => read(`${heard}.ready`) !== undefined);
      return child;
    }
    const gone = once(child, "exit");
    if (child.pid !== undefined) signal(-child.pid, "SIGKILL");
    await gone;
    if (allProcesses().some((found) => found.pid === pid)) return undefined;
  }
  return undefined;
}
