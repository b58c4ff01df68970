import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** Whoever follows a job sees all of it, once and in order, whatever becomes of the daemon; the job is never harmed. */

const LINES = 300;
const counted = Array.from({ length: LINES }, (_, index) => `line ${index + 1}`);

describe("following", () => {
  let cli: Cli;
  const gate = (name: string): string => join(cli.workspace.folder, name);
  const open = async (name: string): Promise<void> => writeFile(gate(name), "go\n");

  before(async () => {
    cli = await Cli.create();
    for (const name of ["one", "two", "never"]) execFileSync("mkfifo", [gate(name)]);
    const script = (name: string): string =>
      `i=0; while [ $((i += 1)) -le ${LINES} ]; do echo "line $i"; [ $i -ne 100 ] || read x < ${name}; done; exit 3`;
    await cli.playbook("counting", { a: { steps: [{ id: "count", shell: "sh", script: script("one") }] } });
    await cli.playbook("again", { a: { steps: [{ id: "count", shell: "sh", script: script("two") }] } });
    await cli.playbook("hanging", {
      a: { steps: [{ id: "hang", shell: "sh", script: "echo begun; read x < never" }] },
    });
    await cli.run(["status"]);
  });
  after(async () => cli[Symbol.asyncDispose]());

  test("kill -9 of the daemon under a foreground job and a follower: both go on without a gap or a repeat", async () => {
    const foreground = cli.start(["orch", "counting"]);
    await foreground.says(/line 100\n/);
    const follower = cli.start(["logs", "-f"]);
    await follower.says(/line 100\n/);
    await cli.killDaemon();
    await open("one");
    const [first, second] = await Promise.all([foreground.ended, follower.ended]);
    assert.equal(first.stdout, `${counted.join("\n")}\n`);
    assert.equal(second.stdout, `${counted.join("\n")}\n`);
    assert.deepEqual([first.code, second.code], [1, 1]);
    assert.match(first.stderr, /exit code 3/);
    const job = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.equal(job.stages[0]?.legs[0]?.scripts[0]?.exitCode, 3);
  });

  test("a restart under `wait` and `events -f`: the wait ends as the job ends, the events have no gap", async () => {
    const { number } = await cli.json<{ number: number }>("orch", "again", "-d");
    const events = cli.start(["events", String(number), "-f", "--json"]);
    await events.says(/ScriptStarted/);
    const waiting = cli.start(["wait", String(number)]);
    assert.equal((await cli.run(["daemon", "restart"])).code, 0);
    await open("two");
    const waited = await waiting.ended;
    assert.equal(waited.code, 1, waited.stderr);
    const { stdout, code } = await events.ended;
    assert.equal(code, 0);
    const told = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    assert.deepEqual(
      told.map(({ seq }) => seq),
      told.map((_, index) => index + 1),
    );
    assert.equal(told.at(-1)?.type, "OrchestrationFailed");
    assert.ok(told.some(({ type }) => type === "OrchestrationRecovered"));
  });

  test("Ctrl-C: whoever started it cancels it, whoever only looks on leaves it", async () => {
    const owner = cli.start(["orch", "hanging"]);
    await owner.says(/begun/);
    const onlooker = cli.start(["logs", "-f"]);
    await onlooker.says(/begun/);
    onlooker.child.kill("SIGINT");
    const left = await onlooker.ended;
    assert.equal(left.code, 130);
    assert.match(left.stderr, /The job goes on\. Come back with: aither logs \d+ -f/);
    assert.equal((await cli.json<JobDetail>("jobs", "status", "hanging")).status, "Running");
    owner.child.kill("SIGINT");
    const cancelled = await owner.ended;
    assert.equal(cancelled.code, 130);
    assert.match(cancelled.stderr, /Cancelling #\d+ … \(Ctrl-C again: force\)/);
    assert.match(cancelled.stderr, /⊘ #\d+ hanging cancelled/);
  });

  test("a terminal that closes, and a SIGTERM, leave the job alone", async () => {
    for (const signal of ["SIGHUP", "SIGTERM"] as const) {
      const owner = cli.start(["orch", "hanging"]);
      await owner.says(/begun/);
      owner.child.kill(signal);
      assert.equal((await owner.ended).code, 130);
      assert.equal((await cli.json<JobDetail>("jobs", "status", "hanging")).status, "Running");
      await cli.run(["cancel", "hanging"]);
      await cli.run(["wait", "hanging"]);
    }
  });
});
