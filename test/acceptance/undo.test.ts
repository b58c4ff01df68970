import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** `undo`: what completed is taken back, the last one first, by a job of its own. */

describe("undo", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const sh = (script: string, undo?: unknown, more: object = {}) => ({
    shell: "sh",
    script,
    ...(undo !== undefined && { undo }),
    ...more,
  });
  const ledger = async () =>
    (await readFile(join(cli.workspace.root, "ledger"), "utf8").catch(() => "")).trim().split("\n");
  const note = (word: string) => `echo ${word} >> "$HOME/ledger"`;
  const playbook = async (name: string, orchestration: object) =>
    cli.workspace.write(`playbooks/${name}.json`, JSON.stringify({ metadata: { name }, orchestration }));

  test("runs in the reverse order of completion, with variables, environment and outputs of what it undoes", async () => {
    await playbook("made", {
      order: "written",
      variables: { who: "me" },
      jobs: {
        one: {
          matrix: { n: [1, 2] },
          maxParallel: 1,
          steps: [sh(note("do-$AITHER_VAR_N"), note("undo-$AITHER_VAR_N-$AITHER_VAR_WHO"))],
        },
        two: {
          env: { PLACE: "here" },
          steps: [
            sh('echo "id=42" >> "$AITHER_OUTPUT"', note("undo-${{ steps.make.outputs.id }}-$PLACE"), { id: "make" }),
            sh(note("no-undo")),
            { ...sh("exit 1", note("never")), continueOnError: true },
          ],
        },
      },
    });
    assert.equal((await cli.run(["orch", "made"])).code, 0);
    const plan = await cli.json<{ scripts: { undoes: string }[] }>("jobs", "undo", "1", "--dry-run");
    assert.deepEqual(
      plan.scripts.map(({ undoes }) => undoes.split("/")[0]),
      ["two", "one[1]", "one[0]"],
    );
    assert.deepEqual(await ledger(), ["do-1", "do-2", "no-undo"], "a dry run runs nothing");
    const ended = await cli.run(["undo", "1", "-f"]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual((await ledger()).slice(3), ["undo-42-here", "undo-2-me", "undo-1-me"]);
    const job = await cli.json<JobDetail>("jobs", "status", "2");
    assert.equal(job.name, "undo of #1");
    for (const [number, words] of [
      ["1", /was undone by job 2/],
      ["2", /is itself an undo/],
    ] as const) {
      const refused = await cli.run(["undo", number]);
      assert.equal(refused.code, 5);
      assert.match(refused.stderr, words);
    }
  });

  test("one that fails does not keep the others from being undone; the undo then fails", async () => {
    await playbook("half", {
      jobs: { one: { steps: [sh(":", note("first")), sh(":", "exit 4"), sh(":", note("third"))] } },
    });
    assert.equal((await cli.run(["orch", "half"])).code, 0);
    assert.equal((await cli.run(["undo", "latest", "-f"])).code, 1);
    assert.deepEqual(await ledger(), ["third", "first"]);
  });

  test("is refused for a job that runs, and for one that has nothing to undo", async () => {
    const gate = join(cli.workspace.root, "gate");
    await playbook("plain", { jobs: { one: { steps: [sh(`while [ ! -e ${gate} ]; do sleep 0.05; done`)] } } });
    await cli.json("orch", "plain", "-d");
    assert.equal((await cli.run(["undo", "latest"])).code, 5);
    await writeFile(gate, "");
    await cli.run(["wait", "latest"]);
    const refused = await cli.run(["undo", "latest"]);
    assert.equal(refused.code, 5);
    assert.match(refused.stderr, /can be undone/);
  });

  test("undoOnFailure undoes what completed, once, also when the daemon is killed meanwhile", async () => {
    const gate = join(cli.workspace.root, "gate");
    await playbook("auto", {
      undoOnFailure: true,
      jobs: {
        one: {
          steps: [
            sh(note("did"), note("undid")),
            sh(`while [ ! -e ${gate} ]; do sleep 0.05; done; exit 2`, note("never")),
          ],
        },
      },
    });
    await cli.json("orch", "auto", "-d");
    await waitFor("the first step", async () => (await ledger()).includes("did"));
    await cli.killDaemon();
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", "1"])).code, 1);
    await waitFor("the undo", async () => (await ledger()).includes("undid"));
    assert.equal((await cli.run(["wait", "2"])).code, 0);
    await cli.killDaemon();
    const { jobs } = await cli.json<{ jobs: { name: string }[] }>("jobs", "list");
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ["undo of #1", "auto"],
    );
    assert.deepEqual(await ledger(), ["did", "undid"]);
    // What was undone is done again by a retry, although it had passed.
    const again = await cli.run(["retry", "1", "-f"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^Started #3 [^]* {2}undone by job #4: aither logs 4 -f$/m);
    await waitFor("the second undo", async () => (await ledger()).length === 4);
    assert.deepEqual(await ledger(), ["did", "undid", "did", "undid"]);
  });

  test("a job that completed is not undone by itself; an undo that says nothing to run is refused with its place", async () => {
    await playbook("well", { undoOnFailure: true, jobs: { one: { steps: [sh(":", note("never"))] } } });
    assert.equal((await cli.run(["orch", "well"])).code, 0);
    await cli.killDaemon();
    const { jobs } = await cli.json<{ jobs: unknown[] }>("jobs", "list");
    assert.equal(jobs.length, 1);
    await playbook("odd", { jobs: { one: { steps: [sh(":", { name: "x" })] } } });
    const refused = await cli.run(["orch", "odd"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /odd\.json:1:\d+: `undo` runs nothing/);
    await cli.workspace.write(
      "playbooks/lost.yml",
      "metadata: { name: lost }\norchestration:\n  jobs:\n    one:\n      steps:\n        - script: echo\n          undo:\n            run: '9876'\n",
    );
    const lost = await cli.run(["orch", "lost"]);
    assert.equal(lost.code, 4);
    assert.match(lost.stderr, /lost\.yml:8:\d+: there is no script 9876/);
  });
});
