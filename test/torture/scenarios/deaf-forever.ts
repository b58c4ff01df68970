/**
 * A script that is deaf to TERM, and daemons that each live for less than its grace. The moment of the kill is a fact in
 * the journal: whichever daemon lives by then does it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { onBench } from "../lib/bench.ts";
import { askUntilAnswered } from "../lib/clients.ts";
import type { Scenario } from "../lib/defences.ts";
import { marked, signal } from "../lib/machine.ts";

const LIVES_MAX = 14;
const LIFE_MS = 1_500;

export const deafForever: Scenario = async (patches) =>
  onBench([], { patches }, async ({ daemon }) => {
    const steps = [{ name: "deaf", shell: "sh", script: "trap '' TERM; echo up; while :; do sleep 1; done" }];
    const playbook = { metadata: { name: "deaf", version: "1.0.0" }, orchestration: { jobs: { s: { steps } } } };
    const jobId = await daemon.startJob(playbook);
    await daemon.event(jobId, "ScriptStarted");
    await askUntilAnswered({ daemon }, async () => daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}));
    const ended = async (): Promise<boolean> => (await daemon.job(jobId)).endedAt !== null;
    for (let life = 1; life <= LIVES_MAX; life += 1) {
      await delay(LIFE_MS);
      if (await ended()) return [];
      await daemon.restart();
    }
    for (const { pid } of marked(new Set([jobId]))) signal(pid, "SIGKILL");
    return [{ checker: "cancel-ends", message: `${LIVES_MAX} daemons did not end a script that was cancelled` }];
  });
