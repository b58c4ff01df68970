/** Steering jobs from the command line: each command returns when what it says is so. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, test, before, after } from "node:test";
import type { Event, JobDetail, ScriptView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";

let cli: Cli;
before(async () => {
  cli = await Cli.create();
});
after(async () => cli[Symbol.asyncDispose]());

const scripts = (job: JobDetail): ScriptView[] =>
  job.stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
const job = async (id: string): Promise<JobDetail> => cli.json<JobDetail>("jobs", "status", id);
const text = async (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** Starts a playbook and gives its number. */
async function start(name: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(["orch", name, "--detach", ...flags]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

async function pidIn(path: string): Promise<number> {
  return Number((await waitFor(`a pid in ${path}`, async () => /^(\d+)\n/.exec(await text(path))))[1]);
}

async function process(pid: number): Promise<string> {
  return /\) (\S)/.exec(await text(`/proc/${pid}/stat`))?.[1] ?? "gone";
}

describe("control", () => {
  test("cancel returns when nothing of the job runs any more; --detach says that it goes on; the second forces", async () => {
    const file = cli.workspace.path("polite");
    await cli.playbook("polite", {
      work: {
        steps: [
          {
            name: "slow to end",
            shell: "sh",
            script: `trap 'sleep 1; exit 1' TERM; echo $$ > '${file}'; while :; do sleep 0.05; done`,
          },
          { name: "tidy up", shell: "sh", if: "always()", script: "sleep 600" },
        ],
      },
    });
    const id = await start("polite");
    const pid = await pidIn(file);
    const first = await cli.run(["cancel", id, "--detach", "--reason", "enough"]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /is being cancelled/);
    assert.ok(isAlive(pid));
    await waitFor("the tidying up", async () => scripts(await job(id))[1]?.status === "Running");
    const second = await cli.run(["cancel", id]);
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /is cancelled/);
    const { status, reason, stages } = await job(id);
    assert.equal(status, "Cancelled", JSON.stringify(stages));
    assert.equal(reason, "enough");
    assert.ok(!isAlive(pid));
  });

  test("cancel says what was sent, when more comes, and who is alive", async () => {
    const file = cli.workspace.path("deaf");
    const script = `trap '' TERM; echo $$ > '${file}'; while :; do sleep 0.05; done`;
    await cli.playbook("deaf", { work: { steps: [{ name: "deaf one", shell: "sh", script }] } });
    const id = await start("deaf");
    const pid = await pidIn(file);
    const cancelling = cli.start(["cancel", id]);
    await cancelling.says(/deaf one was sent TERM, more comes in \d+ s; \d+ process(es are| is) alive: [\d, ]+/);
    const shown = await cli.run(["jobs", "status", id]);
    assert.match(shown.stdout, /deaf one.*was sent TERM.*alive: /);
    const { code, stderr } = await cancelling.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /was sent KILL|is cancelled/);
    assert.ok(!isAlive(pid));
  });

  test("pause --freeze: everything stands still when it returns, and status says so", async () => {
    const file = cli.workspace.path("ticks");
    const script = `echo $$ > '${file}'; while :; do sleep 0.05; done`;
    await cli.playbook("ticker", { work: { steps: [{ name: "ticker", shell: "sh", script }] } });
    const id = await start("ticker");
    const pid = await pidIn(file);
    const paused = await cli.run(["pause", id, "--freeze", "--reason", "a look"]);
    assert.equal(paused.code, 0, paused.stderr);
    assert.match(paused.stderr, /is frozen/);
    assert.equal(await process(pid), "T");
    const shown = await cli.run(["jobs", "status", id]);
    assert.match(shown.stdout, /paused/i);
    assert.match(shown.stdout, /a look/);
    assert.match(shown.stdout, /stands still/);
    assert.equal((await cli.run(["resume", id])).code, 0);
    assert.notEqual(await process(pid), "T");
    assert.equal((await cli.run(["cancel", id])).code, 0);
  });

  test("skip stops a running script first and returns then; its reason is kept; a pending stage is skipped whole", async () => {
    const file = cli.workspace.path("skipped");
    const gate = cli.workspace.path("gate");
    await cli.playbook("skippable", {
      one: {
        steps: [
          { name: "endless", shell: "sh", script: `echo $$ > '${file}'; while :; do sleep 0.05; done` },
          { name: "gated", shell: "sh", script: `while [ ! -e '${gate}' ]; do sleep 0.05; done` },
        ],
      },
      two: { needs: ["one"], steps: [{ name: "later", shell: "sh", script: "exit 1" }] },
    });
    const id = await start("skippable");
    const pid = await pidIn(file);
    assert.equal((await cli.run(["skip", id, "two", "--reason", "not today"])).code, 0);
    const skipped = await cli.run(["skip", id, "endless", "--reason", "too long"]);
    assert.equal(skipped.code, 0, skipped.stderr);
    assert.ok(!isAlive(pid));
    const [endless] = scripts(await job(id));
    assert.deepEqual([endless?.status, endless?.reason], ["Skipped", "too long"]);
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", id])).code, 0);
    const { stages } = await job(id);
    assert.deepEqual([stages[1]?.status, stages[1]?.reason], ["Skipped", "not today"]);
    assert.equal((await cli.run(["skip", id, "endless"])).code, 5, "the job has ended");
  });

  test("start, then send at once; the end of the input; and what takes none", async () => {
    const file = cli.workspace.path("heard");
    const script = `while read -r line; do echo "$line" >> '${file}'; done`;
    await cli.playbook("listener", { work: { steps: [{ name: "listener", shell: "sh", stdin: true, script }] } });
    const id = await start("listener");
    const sent = await cli.run(["send", id, "it's me"]);
    assert.equal(sent.code, 0, sent.stderr);
    const end = await cli.json<{ bytes: number; eof: boolean }>(
      "jobs",
      "send",
      id,
      "bye",
      "--script",
      "listener",
      "--eof",
    );
    assert.deepEqual([end.bytes, end.eof], [4, true]);
    assert.equal((await cli.run(["wait", id])).code, 0);
    assert.equal(await text(file), "it's me\nbye\n");
    assert.equal((await cli.run(["send", id, "late"])).code, 5);
    assert.equal((await cli.run(["send", id])).code, 2, "nothing to send");
  });

  test("retry: from what failed, one script alone, with other variables", async () => {
    await cli.playbook("variable", {
      one: { steps: [{ name: "first", shell: "sh", script: "echo first" }] },
      two: {
        needs: ["one"],
        steps: [{ name: "second", shell: "sh", script: 'test "$AITHER_VAR_ANSWER" = yes', env: {} }],
      },
    });
    const id = await start("variable", "--var", "answer=no");
    assert.equal((await cli.run(["wait", id])).code, 1);
    const again = await cli.json<{ number: number }>("jobs", "retry", id);
    assert.equal((await cli.run(["wait", String(again.number)])).code, 1);
    assert.deepEqual(
      scripts(await job(String(again.number))).map(({ status }) => status),
      ["Skipped", "Failed"],
    );
    const changed = await cli.json<{ number: number }>("jobs", "retry", id, "--var", "answer=yes");
    assert.equal((await cli.run(["wait", String(changed.number)])).code, 0);
    assert.equal((await job(String(changed.number))).variables["answer"], "yes");
    const alone = await cli.json<{ number: number }>("jobs", "retry", id, "--script", "first");
    assert.equal((await cli.run(["wait", String(alone.number)])).code, 0);
    assert.deepEqual(
      scripts(await job(String(alone.number))).map(({ status }) => status),
      ["Completed", "Skipped"],
    );
  });

  test("--at, --priority and --pool: kept in the first event, said in the list, refused when they make no sense", async () => {
    await cli.playbook("quick", { work: { steps: [{ name: "quick", shell: "sh", script: "true" }] } });
    const id = await start("quick", "--at", "+1h", "--priority=-7");
    const { status, reason } = await job(id);
    assert.equal(status, "Queued");
    assert.match(reason, /it starts at \d{4}-/);
    const { stdout } = await cli.run(["events", id, "--json"]);
    const queued = JSON.parse(stdout.split("\n")[0] ?? "") as Event & { type: "OrchestrationQueued" };
    assert.equal(queued.options.priority, -7);
    assert.ok((queued.options.startAtMs ?? 0) > Date.now() + 3_000_000);
    assert.equal((await cli.run(["pause", id])).code, 5, "it has not started");
    assert.equal((await cli.run(["cancel", id])).code, 0);
    assert.equal((await job(id)).status, "Cancelled");
    for (const flags of [
      ["--at", "noon"],
      ["--priority", "high"],
      ["--priority", "101"],
      ["--pool", "nobody"],
    ]) {
      const refused = await cli.run(["orch", "quick", "--detach", ...flags]);
      assert.equal(refused.code, 2, `${flags.join(" ")}: ${refused.stderr}`);
    }
  });

  test("cancel && start in one group: the second leaves the queue at once", async () => {
    const file = cli.workspace.path("member");
    const document = {
      apiVersion: "aither/v1",
      metadata: { name: "member" },
      orchestration: {
        concurrency: { group: "only-{{target}}" },
        variables: { target: "one" },
        jobs: {
          work: {
            steps: [{ name: "endless", shell: "sh", script: `echo $$ >> '${file}'; while :; do sleep 0.05; done` }],
          },
        },
      },
    };
    await cli.workspace.write("playbooks/member.json", JSON.stringify(document));
    const first = await start("member");
    await pidIn(file);
    const waiting = await start("member");
    assert.match((await job(waiting)).reason, /group `only-one`/);
    const elsewhere = await start("member", "--var", "target=two");
    await waitFor("the other group", async () => (await job(elsewhere)).status === "Running");
    assert.equal((await job(waiting)).status, "Queued");
    assert.equal((await cli.run(["cancel", first])).code, 0);
    assert.equal((await job(waiting)).status, "Running");
    for (const id of [waiting, elsewhere]) assert.equal((await cli.run(["cancel", id, "--force"])).code, 0);
  });
});
