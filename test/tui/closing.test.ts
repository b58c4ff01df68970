/** Whatever becomes of the terminal that a job and its daemon were started from, both go on. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { isAlive } from "../rig/processes.ts";
import { hasTmux, Terminal } from "../rig/terminal.ts";
import { waitFor } from "../rig/wait.ts";

const bin = fileURLToPath(new URL("../../bin", import.meta.url));

/** The first command there starts the daemon, too: it must not belong to what is ended then. */
async function outliving(end: (cli: Cli, begun: () => Promise<void>) => Promise<void>): Promise<void> {
  await using cli = await Cli.create();
  const gate = cli.workspace.path("gate");
  const script = `echo $$ > pid; echo begun; until [ -e '${gate}' ]; do sleep 0.05; done; echo ended`;
  await cli.playbook("long", { a: { steps: [{ shell: "sh", script }] } });
  const pidOf = async (): Promise<number> => Number(await cli.workspace.text("w", "pid").catch(() => ""));
  const daemonOf = async (): Promise<number> => cli.daemonPid();
  let daemon = 0;
  await end(cli, async () => {
    await waitFor("the script", async () => (await pidOf()) > 0);
    daemon = await daemonOf();
  });
  assert.ok(daemon > 0);
  assert.equal(await daemonOf(), daemon, "the daemon is the one that was started there");
  assert.ok(isAlive(await pidOf()), "the script lives");
  assert.equal((await cli.json<JobDetail>("jobs", "status", "latest")).status, "Running");
  await cli.workspace.write("../gate", "");
  assert.equal((await cli.run(["wait", "latest"])).code, 0);
  const job = await cli.json<JobDetail>("jobs", "status", "latest");
  assert.equal(job.stages[0]?.legs[0]?.scripts[0]?.attempts.length, 1);
  assert.match((await cli.run(["logs", "latest"])).stdout, /^begun\nended\n$/m);
}

for (const [how, argv] of [
  ["window", ["kill-window"]],
  ["session", ["kill-session"]],
] as const) {
  test(`a terminal's ${how} is closed under a command that follows: the job goes on`, async (t) => {
    if (!hasTmux) return t.skip("skipped: no tmux");
    await outliving(async (cli, begun) => {
      await using terminal = await Terminal.open(cli.workspace, {
        env: { PATH: `${bin}:${cli.workspace.env["PATH"]}` },
      });
      await terminal.enter("aither orch long");
      await terminal.shows(/begun/);
      await begun();
      await terminal.command(...argv);
    });
  });
}

for (const [how, signal, whole] of [
  ["a hang-up of the client's whole group", "SIGHUP", true],
  ["a kill -9 of the client's whole group", "SIGKILL", true],
  ["a kill -9 of the client, which leads a session of its own", "SIGKILL", false],
] as const) {
  test(`${how} ends what waited, and no job`, async () => {
    await outliving(async (cli, begun) => {
      const { workspace } = cli;
      // `detached` is setsid: the client leads a session and a group.
      const client = spawn(`${bin}/aither`, ["orch", "long"], {
        cwd: workspace.folder,
        env: workspace.env,
        stdio: "ignore",
        detached: true,
      });
      const ended = once(client, "exit");
      await begun();
      process.kill(whole ? -client.pid! : client.pid!, signal);
      await ended;
    });
  });
}
