import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** `uses: playbook:NAME`: the stages of another playbook, in this very job, as parts of the stage that calls it. */

describe("a playbook that calls playbooks", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const write: Cli["orchestration"] = async (...given) => cli.orchestration(...given);
  const note = (text: string) => ({ shell: "sh", script: `echo "${text}" >> "$HOME/ledger"` });
  const ledger = async () =>
    (await readFile(join(cli.workspace.root, "ledger"), "utf8").catch(() => "")).split("\n").filter(Boolean);
  const status = async (job = "latest") => cli.json<JobDetail>("jobs", "status", job);
  const statuses = async (job = "latest") =>
    Object.fromEntries((await status(job)).stages.map(({ id, status: is }) => [id, is]));
  const gate = (name: string) => `while [ ! -e "$HOME/${name}" ]; do sleep 0.02; done`;
  const open = async (name: string) => writeFile(join(cli.workspace.root, name), "");

  /** Tells back what it was given, in two stages of which the second needs the first. */
  const inner = {
    outputs: { said: "${{ jobs.second.outputs.said }}" },
    variables: { who: "nobody", own: "inner" },
    jobs: {
      first: {
        outputs: { x: "${{ steps.one.outputs.x }}" },
        steps: [
          { id: "one", shell: "sh", script: 'echo "x={{who}}" >> "$AITHER_OUTPUT"' },
          note("first {{who}} {{own}} $AITHER_VAR_WHO ${SECRETLY:-} $PLACE"),
        ],
      },
      second: {
        needs: "first",
        outputs: { said: "${{ steps.two.outputs.said }}" },
        steps: [
          { id: "two", shell: "sh", script: 'echo "said=by ${{ needs.first.outputs.x }}" >> "$AITHER_OUTPUT"' },
          note("second {{who}}"),
        ],
      },
    },
  };

  test("its stages run in order, in a scope of their own, and tell their outputs to the caller", async () => {
    await write("inner", inner, { inputs: { who: { required: true } } });
    await write("outer", {
      variables: { own: "outer", who: "outer" },
      jobs: {
        before: {
          steps: [{ id: "b", shell: "sh", script: 'echo "v=late" >> "$AITHER_OUTPUT"' }],
          outputs: { v: "${{ steps.b.outputs.v }}" },
        },
        call: { needs: "before", uses: "playbook:inner", with: { who: "me" }, env: { PLACE: "here" } },
        late: {
          needs: ["before", "call"],
          env: { PLACE: "there" },
          steps: [
            { uses: "playbook:inner", with: { who: "${{ needs.before.outputs.v }} ${{ needs.call.outputs.said }}" } },
          ],
        },
        after: {
          needs: ["call", "late"],
          steps: [note("after ${{ needs.call.outputs.said }}, ${{ needs.late.outputs.said }}, {{own}}")],
        },
      },
    });
    const dry = await cli.run(["orch", "outer", "--dry-run"]);
    assert.match(dry.stdout, /2\. call needs before\n +playbook:inner\n +.* 2\.1\. call \/ first/);
    assert.match(
      (await cli.run(["playbooks", "graph", "outer"])).stdout,
      /call\/second \(call \/ second\) +← needs call\/first/,
    );
    assert.match((await cli.run(["playbooks", "show", "outer"])).stdout, /calls playbook:inner/);
    const done = await cli.run(["orch", "outer"]);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await ledger(), [
      "first me inner me  here",
      "second me",
      "first late by me inner late by me  there",
      "second late by me",
      "after by me, by late by me, outer",
    ]);
    assert.deepEqual(Object.keys(await statuses()), [
      "before",
      "call",
      "call/first",
      "call/second",
      "late",
      "late/first",
      "late/second",
      "after",
    ]);
    assert.match((await cli.run(["logs", "latest", "--script", "call"])).stdout, /^$/, "its scripts wrote nothing");
  });

  test("conditions, a matrix on the call, limits and a failure that is tolerated", async () => {
    await write("inner", {
      outputs: { cell: "${{ jobs.only.outputs.cell }}" },
      jobs: {
        only: {
          outputs: { cell: "${{ steps.s.outputs.cell }}" },
          steps: [
            {
              id: "s",
              shell: "sh",
              script: 'echo "cell={{cell}}" >> "$AITHER_OUTPUT"; echo {{cell}} >> "$HOME/ledger"; test {{cell}} != bad',
            },
          ],
        },
        next: { needs: "only", steps: [note("then {{cell}}")] },
        whatever: { needs: "only", if: "failure()", steps: [note("failed {{cell}}")] },
      },
    });
    const call = { uses: "playbook:inner", with: { cell: "${{ matrix.cell }}" }, maxParallel: 1 };
    await write("outer", {
      maxConcurrency: 1,
      jobs: {
        never: { if: "1 == 2", ...call, with: { cell: "never" }, matrix: { cell: ["x"] } },
        cells: { ...call, matrix: { cell: ["a", "b"] } },
        bad: { needs: "cells", ...call, matrix: { cell: ["bad", "late"] }, continueOnError: true },
        fast: { needs: "bad", ...call, matrix: { cell: ["bad", "late"] } },
        end: {
          needs: "cells",
          after: "fast",
          if: "always()",
          steps: [note("end ${{ needs.cells.outputs.cell }} ${{ needs.fast.result }}")],
        },
      },
    });
    assert.equal((await cli.run(["orch", "outer"])).code, 1);
    assert.deepEqual(await ledger(), [
      "a",
      "then a",
      "b",
      "then b",
      "bad",
      "failed bad",
      "late",
      "then late",
      "bad",
      "failed bad",
      "end b failure",
    ]);
    const found = await statuses();
    assert.deepEqual(
      [
        "never",
        "never[0]/only",
        "cells",
        "cells[1]/whatever",
        "bad",
        "bad[0]",
        "bad[0]/next",
        "fast[1]",
        "fast[1]/only",
        "end",
      ].map((id) => found[id]),
      [
        "Skipped",
        "Skipped",
        "Completed",
        "Skipped",
        "Failed",
        "Failed",
        "Skipped",
        "Cancelled",
        "Cancelled",
        "Completed",
      ],
    );
    const [fast] = (await status()).stages.filter(({ id }) => id === "fast");
    assert.match(fast!.reason, /^`fast \(bad\)` failed: `fast \(bad\) \/ only` failed: /);
  });

  test("skip and retry by the outer name mean all of it, and a cancel ends all of it", async () => {
    await write("inner", {
      jobs: {
        one: { steps: [{ shell: "sh", script: `echo one >> "$HOME/ledger"; ${gate("one")}` }] },
        two: { needs: "one", steps: [{ shell: "sh", script: 'echo two >> "$HOME/ledger"; test -e "$HOME/two"' }] },
      },
    });
    await write("outer", {
      jobs: {
        call: { uses: "playbook:inner" },
        end: { needs: "call", steps: [note("end")] },
        other: { uses: "playbook:inner" },
      },
    });
    const started = async (count: number) =>
      waitFor("the first scripts", async () => (await status()) && (await ledger()).length >= count);
    await cli.run(["orch", "outer", "-d"]);
    await started(2);
    assert.equal((await cli.run(["skip", "1", "call"])).code, 0);
    assert.equal((await cli.run(["cancel", "1"])).code, 0);
    await cli.run(["wait", "1"]);
    const ended = await statuses("1");
    assert.deepEqual([ended["call"], ended["call/one"], ended["call/two"]], ["Completed", "Completed", "Skipped"]);
    assert.deepEqual([ended["other"], ended["other/one"], ended["other/two"]], ["Cancelled", "Cancelled", "Cancelled"]);
    await open("one");
    assert.equal((await cli.run(["orch", "outer"])).code, 1);
    assert.deepEqual((await statuses())["call"], "Failed");
    await open("two");
    const before = (await ledger()).length;
    assert.equal((await cli.run(["retry", "2", "-f"])).code, 0);
    assert.deepEqual((await ledger()).slice(before).toSorted(), ["end", "two", "two"]);
    assert.equal((await cli.run(["retry", "3", "--script", "call", "-f"])).code, 0);
    assert.deepEqual((await ledger()).slice(before + 3), ["one", "two"]);
  });

  test("a daemon that is killed in between goes on where it was", async () => {
    await write("inner", {
      jobs: {
        one: { steps: [{ shell: "sh", script: `echo one >> "$HOME/ledger"; ${gate("one")}` }] },
        two: { needs: "one", steps: [note("two")] },
      },
    });
    await write("outer", { jobs: { call: { uses: "playbook:inner" }, end: { needs: "call", steps: [note("end")] } } });
    await cli.run(["orch", "outer", "-d"]);
    await waitFor("the first script", async () => (await ledger()).length === 1);
    process.kill((await cli.json<{ pid: number }>("daemon", "status")).pid, "SIGKILL");
    await open("one");
    assert.equal((await cli.run(["wait", "1"])).code, 0);
    assert.deepEqual(await ledger(), ["one", "two", "end"]);
  });

  test("what cannot be called is said with its place: no such playbook, a circle, a mistake in the other one", async () => {
    await write("inner", { jobs: { one: { steps: [{ run: "0999" }] } } });
    await write("a", { jobs: { x: { uses: "playbook:b" } } });
    await write("b", { jobs: { y: { steps: [{ uses: "playbook:a" }] } } });
    await write("near", { jobs: { x: { uses: "playbook:iner" } } });
    await write("deep", { jobs: { x: { uses: "playbook:inner" } } });
    await write("mixed", { jobs: { x: { steps: [note("x"), { uses: "playbook:inner" }] } } });
    await cli.workspace.write("playbooks/broken.yaml", "metadata: {name: broken\n");
    await write("onto", { jobs: { x: { uses: "playbook:broken.yaml" } } });
    const rows: [string, number, RegExp][] = [
      ["near", 4, /playbooks\/near\.json:8:\d+: there is no playbook `iner`[\s\S]*did you mean inner/],
      ["a", 2, /playbooks\/b\.json:10:\d+: playbooks call each other in a circle: a → b → a/],
      ["deep", 4, /playbooks\/inner\.json:10:\d+: there is no script 0999/],
      [
        "mixed",
        2,
        /playbooks\/mixed\.json:\d+:\d+: `uses: playbook:inner` cannot be run here[\s\S]*give it a stage of its own/,
      ],
    ];
    for (const [name, code, words] of rows) {
      const refused = await cli.run(["orch", name]);
      assert.match(refused.stderr, words);
      assert.equal(refused.code, code, name);
    }
    const circle = await cli.run(["playbooks", "validate", "a"]);
    assert.match(
      circle.stdout + circle.stderr,
      /playbooks\/a\.json:8:\d+[\s\S]*playbooks\/b\.json:10:\d+/,
      "each call of the chain",
    );
    assert.equal(
      (await cli.json<unknown[]>("jobs", "list").then((list) => (list as unknown as { jobs: unknown[] }).jobs)).length,
      0,
    );
  });
});
