import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, hasEnded, isNotFound, isWrongState, type Aither } from "@aither/client/node";
import { Cli } from "../rig/cli.ts";

/** The library against a real daemon: everything a program may ask, over a crash, too. */

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the client library", () => {
  let cli: Cli;
  let aither: Aither;
  const open = async (gate: string): Promise<void> => writeFile(join(cli.workspace.folder, gate), "go\n");

  before(async () => {
    cli = await Cli.create();
    for (const gate of ["first", "second"]) execFileSync("mkfifo", [join(cli.workspace.folder, gate)]);
    const step = (script: string) => ({ steps: [{ id: "s", shell: "sh", script }] });
    await cli.playbook("two", {
      a: step("echo one; read x < first; echo two"),
      b: { needs: ["a"], ...step("read x < second; echo three") },
    });
    await cli.playbook("fails", { a: step("exit 9") });
    await cli.playbook("quickstart", { a: step("echo hello from here") });
    const daemonEntry = join(root, "dist", "daemon", "main.js");
    aither = createClient({ cwd: cli.workspace.folder, env: cli.workspace.env, daemonEntry });
  });
  after(async () => cli[Symbol.asyncDispose]());

  test("it starts the daemon, then a job; frames come live, over a crash, without a gap or a repeat", async () => {
    await using job = await aither.start("two", { variables: { n: 1 }, name: "mine" });
    const stages: string[] = [];
    job.on("StageStarted", ({ stage }) => stages.push(stage));
    let seq = 0;
    let snapshots = 0;
    let text = "";
    const reading = (async () => {
      for await (const line of job.logs({ follow: true })) {
        text += line.text ?? "";
        if (line.text !== "one\n") continue;
        await cli.killDaemon();
        await open("first");
        await open("second");
      }
    })();
    for await (const frame of job.watch()) {
      if (frame.type === "snapshot") {
        snapshots++;
        seq = Math.max(seq, frame.seq);
      }
      if (frame.type !== "event") continue;
      assert.equal(frame.event.seq, seq + 1);
      seq = frame.event.seq;
    }
    await reading;
    await job.listened();
    const ended = await job.wait();
    assert.deepEqual([ended.status, ended.exitCode, ended.seq, ended.name], ["Completed", 0, seq, "mine"]);
    assert.ok(snapshots >= 1);
    assert.deepEqual(stages, ["a", "b"]);
    assert.equal(text, "one\ntwo\nthree\n");
  });

  test("a wait that runs out gives the present state; cancel, retry and refusals", async () => {
    const job = await aither.start("two");
    const waiting = await job.wait({ timeoutMs: 50 });
    assert.equal(hasEnded(waiting), false);
    await job.pause({ reason: "lunch" });
    assert.equal((await job.status()).status, "Paused");
    await job.resume();
    await job.cancel({ reason: "enough" });
    assert.deepEqual([(await job.wait()).status, (await job.status()).exitCode], ["Cancelled", 130]);
    await assert.rejects(job.pause(), isWrongState);
    await assert.rejects(aither.job("no-such").status(), isNotFound);
    const failed = await aither.start("fails");
    assert.equal((await failed.wait()).exitCode, 1);
    const again = await failed.retry({ from: "all" });
    assert.notEqual(again.id, failed.id);
    assert.equal((await again.wait()).status, "Failed");
    await again.remove();
    await assert.rejects(again.status(), isNotFound);
  });

  test("the same request id is the same job, however often it is sent", async () => {
    const options = { requestId: "0f8fad5b-d9cb-469f-a165-70867728950e" };
    const [one, two] = [await aither.start("fails", options), await aither.start("fails", options)];
    assert.equal(one.id, two.id);
    await one.wait();
  });

  test("lists, plans, all jobs' events behind a cursor", async () => {
    const names = (await aither.playbooks()).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ["fails", "quickstart", "two"]);
    assert.deepEqual(await aither.scripts(), []);
    assert.deepEqual(
      (await aither.plan({ text: '{"orchestration":{"jobs":{"z":{"steps":[]}}}}' })).stages.map(({ id }) => id),
      ["z"],
    );
    const { cursor, jobs } = await aither.jobs({ limit: 1 });
    assert.equal(jobs.length, 1);
    assert.ok((await aither.daemon()).pid > 1);
    const stop = new AbortController();
    const job = await aither.start("quickstart");
    const seen: string[] = [];
    for await (const frame of aither.watch({ after: cursor, signal: stop.signal })) {
      assert.equal(frame.type, "event");
      if (frame.type !== "event" || frame.event.jobId !== job.id) continue;
      seen.push(frame.event.type);
      if (frame.event.type === "OrchestrationCompleted") break;
    }
    stop.abort();
    assert.equal(seen[0], "OrchestrationQueued");
  });

  test("the example of the pages runs as it stands", async () => {
    const example = join(root, "docs", "examples", "start-and-follow.ts");
    const tsx = fileURLToPath(import.meta.resolve("tsx"));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", tsx, example, "quickstart"], {
      cwd: cli.workspace.folder,
      env: { ...cli.workspace.env, AITHER_DAEMON_ENTRY: join(root, "dist", "daemon", "main.js") },
    });
    assert.match(stdout, /started job \d+\nstage a started\n[\s\S]*hello from here\njob \d+ ended: Completed\n/);
  });
});
