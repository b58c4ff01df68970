import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** What tools rely on: exit codes, data on stdout, talk on stderr, names of jobs. */

const sh = (id: string, script: string, more: object = {}) => ({ id, name: id, shell: "sh", script, ...more });

type Reply = { jobId: string; number: number; status: string; apiVersion: string };

describe("the command line", () => {
  let cli: Cli;
  before(async () => {
    cli = await Cli.create();
    execFileSync("mkfifo", [join(cli.workspace.folder, "gate")]);
    await cli.playbook("good", { a: { steps: [sh("say", "echo out; echo err >&2")] } });
    await cli.playbook("bad", { a: { steps: [sh("fine", "exit 0"), sh("broken", "echo oh; exit 7")] } });
    await cli.playbook("slow", {
      a: { steps: [sh("hang", "echo begun; read x < gate")] },
      b: { needs: ["a"], steps: [sh("after", "true")] },
    });
    await cli.workspace.write("automation-scripts/0402_Say-Hi.sh", "#!/bin/sh\necho hi from 0402\n", 0o755);
    await cli.run(["status"]);
  });
  after(async () => cli[Symbol.asyncDispose]());

  test("a followed job: output on stdout, stage lines on stderr, the job's exit code", async () => {
    const good = await cli.run(["orch", "good"]);
    assert.deepEqual([good.code, good.stdout], [0, "out\nerr\n"]);
    assert.match(good.stderr, /Started #\d+ · aither logs \d+ -f\n⟳ a\n✓ a \(.*\)\n✓ #\d+ good completed in /);
    const bad = await cli.run(["orch", "bad"]);
    assert.equal(bad.code, 1, bad.stderr);
    assert.match(bad.stderr, /✗ broken .*exit code 7/);
    assert.match(bad.stderr, /aither logs \d+ --script 'a\/broken'/);
    assert.equal((await cli.run(["orch", "bad", "--exit-code-from", "broken", "-q"])).code, 7);
  });

  test("--detach prints the number alone, --json the reply; a repeat by name finds the latest job", async () => {
    const plain = await cli.run(["orch", "good", "-d"]);
    assert.match(plain.stdout, /^\d+\n$/);
    assert.match(plain.stderr, /^Started #\d+ good · aither logs \d+ -f\n$/);
    const quiet = await cli.run(["orch", "good", "-d", "-q"]);
    assert.match(quiet.stdout, /^\d+\n$/);
    assert.equal(quiet.stderr, "");
    const reply = await cli.json<Reply>("orch", "good", "--detach");
    assert.equal(reply.apiVersion, "aither/v1");
    assert.equal((await cli.run(["wait", String(reply.number)])).code, 0);
    assert.equal((await cli.json<JobDetail>("jobs", "status", "good")).jobId, reply.jobId);
    assert.equal((await cli.json<JobDetail>("jobs", "status", reply.jobId.slice(0, 8))).number, reply.number);
  });

  test("--progress json gives every event, --json the job at its end", async () => {
    const events = (await cli.run(["orch", "good", "--progress", "json"])).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq: number; type: string });
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index + 1),
    );
    assert.equal(events.at(-1)?.type, "OrchestrationCompleted");
    assert.equal((await cli.json<JobDetail>("orch", "good")).status, "Completed");
    assert.equal((await cli.run(["orch", "good", "--progress", "dancing"])).code, 2);
  });

  test("wait ends with 124 when time ran out, and the job goes on; cancel ends it with 130", async () => {
    const { number } = await cli.json<Reply>("orch", "slow", "-d");
    const id = String(number);
    assert.equal((await cli.run(["wait", id, "--timeout", "200ms"])).code, 124);
    assert.match((await cli.json<JobDetail>("jobs", "status", id)).status, /Running|Queued/);
    assert.equal((await cli.run(["rm", id])).code, 5);
    assert.equal((await cli.run(["cancel", id, "--reason", "enough"])).code, 0);
    assert.equal((await cli.run(["wait", id])).code, 130);
    assert.equal((await cli.run(["cancel", id])).code, 0, "the same wish twice is no mistake");
    assert.equal((await cli.run(["pause", id])).code, 5);
    assert.equal((await cli.run(["rm", id])).code, 0);
    assert.equal((await cli.run(["jobs", "status", id])).code, 4);
  });

  test("what was asked is true when the command returns: pause, resume, skip", async () => {
    const { number } = await cli.json<Reply>("orch", "slow", "-d");
    const id = String(number);
    const status = async () => (await cli.json<JobDetail>("jobs", "status", id)).status;
    await cli.run(["pause", id]);
    assert.equal(await status(), "Paused");
    await cli.run(["resume"]);
    assert.equal(await status(), "Running");
    await cli.run(["p", id], { bin: "a0" });
    assert.equal(await status(), "Paused");
    await cli.run(["p", id], { bin: "a0" });
    assert.equal(await status(), "Running");
    await waitFor("the script's start", async () => (await cli.run(["logs", id])).stdout.includes("begun"));
    assert.equal((await cli.run(["skip", id, "nothing"])).code, 4);
    assert.equal((await cli.run(["skip", id, "hang", "--reason", "no gate"])).code, 0);
    assert.equal((await cli.run(["wait", id])).code, 0);
    assert.match((await cli.run(["explain", id, "hang"])).stdout, /no gate|skip/i);
  });

  test("retry runs what failed, prints the new number, and follows when asked", async () => {
    const { number } = await cli.json<Reply>("orch", "bad", "-d");
    await cli.run(["wait", String(number)]);
    const again = await cli.run(["retry", String(number), "-f"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /1 failed, 1 skipped/);
    assert.match(again.stderr, /^Started #\d+ · aither logs \d+ -f$/m);
    assert.match((await cli.run(["retry", String(number), "--all"])).stdout, /^\d+\n$/);
  });

  test("--exit-code-from: a name that the job will not have is refused before anything starts", async () => {
    const count = async (): Promise<number> => (await cli.json<{ jobs: unknown[] }>("jobs", "list")).jobs.length;
    assert.equal((await cli.run(["orch", "bad", "--exit-code-from", "a/broken"])).code, 7);
    const before = await count();
    for (const argv of [
      ["orch", "bad"],
      ["wait", "bad"],
      ["retry", "bad", "-f"],
    ]) {
      const refused = await cli.run([...argv, "--exit-code-from", "zzz"]);
      assert.deepEqual([refused.code, refused.stdout], [2, ""], argv.join(" "));
      assert.match(refused.stderr, /--exit-code-from zzz: the job has no such stage or script/);
    }
    assert.equal(await count(), before);
  });

  test("orch without a name lists the playbooks; --again and `a0 r` start the latest job as it was", async () => {
    const bare = await cli.run(["orch"]);
    assert.deepEqual([bare.code, bare.stdout], [2, ""]);
    assert.match(bare.stderr, /^aither: which playbook\?\n {2}bad\n {2}good\n {2}slow\n {2}aither orch --again/);
    const told = (count: string) => ({
      a: { steps: [sh("tell", "echo $WHO $COUNT $PWD", { env: { WHO: "{{ who }}", COUNT: count } })] },
    });
    const more = { profiles: { loud: { variables: { who: "LOUD" } } } };
    const write = async (count: string): Promise<void> =>
      cli.orchestration("told", { ...more, variables: { who: "me", n: 1 }, jobs: told(count) });
    await write("{{ n }}");
    const first = await cli.run(["orch", "told", "--profile", "loud", "--var", "n=4"]);
    assert.equal(first.stdout, `LOUD 4 ${cli.workspace.folder}\n`, first.stderr);
    await write("{{ n }} of 9");
    const elsewhere = { cwd: cli.workspace.root };
    const again = await cli.run(["orch", "--again"], elsewhere);
    assert.equal(again.stdout, `LOUD 4 of 9 ${cli.workspace.folder}\n`, again.stderr);
    assert.match(again.stderr, /^Once more: #\d+ told, in \/.*\nStarted #\d+ /);
    const short = await cli.run(["r", "--var", "n=5"], { ...elsewhere, bin: "a0" });
    assert.equal(short.stdout, `LOUD 5 of 9 ${cli.workspace.folder}\n`, short.stderr);
    assert.equal((await cli.run(["r", "good"], { bin: "a0" })).stdout, "out\nerr\n");
    assert.equal((await cli.run(["orch", "--again", "--profile", "quiet"])).code, 2);
  });

  test("numbered scripts run by number, plan and select say what they mean", async () => {
    const ran = await cli.run(["0402"]);
    assert.deepEqual([ran.code, ran.stdout], [0, "hi from 0402\n"]);
    assert.equal((await cli.run(["run", "0402", "--dry-run"])).code, 0);
    assert.deepEqual((await cli.json<{ scripts: string[] }>("scripts", "select", "04*")).scripts, ["0402"]);
    assert.deepEqual(
      (await cli.json<{ scripts: { number: string }[] }>("scripts", "list")).scripts.map((one) => one.number),
      ["0402"],
    );
    assert.match((await cli.run(["scripts", "show", "0402"])).stdout, /echo hi from 0402/);
    const plan = await cli.json<{ stages: { id: string; decision: string; legs: unknown[] }[] }>("plan", "slow");
    assert.deepEqual(
      plan.stages.map(({ id, decision }) => [id, decision]),
      [
        ["a", "run"],
        ["b", "run"],
      ],
    );
  });

  test("playbooks: list, show, validate, from a folder below and with -C", async () => {
    const { playbooks } = await cli.json<{ playbooks: { name: string }[] }>("playbooks", "list", "-C", "playbooks");
    assert.deepEqual(playbooks.map(({ name }) => name).toSorted(), ["bad", "good", "slow", "told"]);
    assert.match((await cli.run(["playbooks", "show", "good", "--text"])).stdout, /"name": "good"/);
    assert.equal((await cli.run(["validate", "good"])).code, 0);
    await cli.workspace.write(
      "elsewhere/x.yml",
      "metadata: { name: x }\norchestration:\n  jobs:\n    a: { needs: [zz], steps: [] }\n",
    );
    const wrong = await cli.run(["validate", "elsewhere/x.yml"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stdout, /x\.yml:\d+:\d+: error\[unknown-need\]: /);
    const help = await cli.run(["playbooks", "--help"]);
    for (const name of ["list", "show", "validate", "new"]) assert.match(help.stdout, new RegExp(`^ +${name}\\b`, "m"));
    const missing = await cli.run(["validate", "godo"]);
    assert.equal(missing.code, 4);
    assert.match(missing.stdout, /error\[playbook-not-found\]: .*godo/);
    assert.equal((await cli.run(["playbooks", "list", "-C", "nowhere"])).code, 2);
  });

  test("errors: two lines, or the problem document; the right code; nothing on stdout", async () => {
    const plain = await cli.run(["jobs", "status", "99999"]);
    assert.deepEqual([plain.code, plain.stdout], [4, ""]);
    assert.match(plain.stderr, /^aither: .*99999.*\n {2}aither jobs list.*\n$/);
    const told = await cli.run(["jobs", "status", "99999", "--json"]);
    assert.equal(told.stdout, "");
    assert.equal((JSON.parse(told.stderr) as { code: string }).code, "AITHER_E_JOB_NOT_FOUND");
    assert.equal((await cli.run(["prune"])).code, 2);
    const elsewhere = await cli.run(["jobs", "list"], { env: { AITHER_HOST: "unix:///nowhere/at.sock" } });
    assert.equal(elsewhere.code, 3, elsewhere.stderr);
  });

  test("events, list, status, daemon: every document says its version", async () => {
    const { stdout } = await cli.run(["events", "good", "--json"]);
    assert.equal((JSON.parse(stdout.split("\n")[0] ?? "") as { type: string }).type, "OrchestrationQueued");
    for (const argv of [
      ["jobs", "list"],
      ["status"],
      ["daemon", "status"],
      ["playbooks", "list"],
      ["explain", "good"],
    ]) {
      assert.equal((await cli.json<{ apiVersion: string }>(...argv)).apiVersion, "aither/v1", argv.join(" "));
    }
    const { jobs, next } = await cli.json<{ jobs: unknown[]; next: number | null }>("jobs", "list", "--limit", "1");
    assert.equal(jobs.length, 1);
    assert.equal(typeof next, "number");
    const status = await cli.json<Record<string, unknown>>("daemon", "status");
    for (const name of ["pid", "version", "home", "socket", "startedAt"]) assert.ok(status[name], name);
    assert.match((await cli.run(["l"], { bin: "a0" })).stdout, /^ *JOB {2}STATUS/);
    assert.match((await cli.run([], { bin: "a0" })).stdout, /aitherd/);
  });

  test("restart and stop: scripts and history stay", async () => {
    const before = await cli.daemonPid();
    assert.equal((await cli.run(["daemon", "restart"])).code, 0);
    assert.notEqual(await cli.daemonPid(), before);
    assert.equal((await cli.run(["daemon", "stop"])).code, 0);
    assert.equal((await cli.run(["daemon", "status"])).code, 3);
    assert.equal((await cli.run(["daemon", "stop"])).code, 0);
    assert.equal((await cli.run(["jobs", "status", "good"])).code, 0);
    assert.match((await cli.run(["daemon", "logs"])).stdout, /"ready"/);
  });
});
