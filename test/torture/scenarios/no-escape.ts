/** A child that sheds session, environment and output is cancelled with its script, where there are control groups. */
import { basename } from "node:path";
import type { DaemonStatus } from "@aither/protocol";
import { waitFor } from "../../rig/wait.ts";
import { onBench } from "../lib/bench.ts";
import { askUntilAnswered } from "../lib/clients.ts";
import type { Scenario } from "../lib/defences.ts";
import { hasPerl, hostileScript, unmarkedChildren } from "../lib/hostile.ts";
import { named, signal } from "../lib/machine.ts";

export const noEscape: Scenario = async (patches) =>
  onBench([], { patches }, async ({ daemon, ledger }) => {
    const { cgroup } = (await daemon.ask("GET", "/api/daemon")).body as DaemonStatus;
    if (typeof cgroup?.folder !== "string") return { skipped: cgroup?.why ?? "this daemon knows no control groups" };
    if (!hasPerl) return { skipped: "no perl here" };
    const token = `escape-${basename(daemon.workspace.root)}`;
    // One is enough, and one that can be ended afterwards.
    const steps = [{ name: "x", shell: "sh", script: hostileScript(unmarkedChildren.slice(0, 1)) }];
    const playbook = { metadata: { name: "escape", version: "1.0.0" }, orchestration: { jobs: { s: { steps } } } };
    const env = { ...daemon.workspace.env, LEDGER: ledger, TOKEN: token, ID: "1" };
    const jobId = await daemon.startJob(playbook, { env });
    await waitFor("the child", () => named(token).length > 0);
    await askUntilAnswered({ daemon }, async () => daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}));
    await daemon.ended(jobId);
    const left = named(token);
    for (const pid of left) signal(pid, "SIGKILL");
    await waitFor("the end of what was left", () => named(token).length === 0);
    return left.map((pid) => ({ checker: "I8 nothing-left-behind", message: `process ${pid} outlived its job` }));
  });
