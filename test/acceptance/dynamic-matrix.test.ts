import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { load } from "js-yaml";
import type { Event, JobDetail, Json } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** A matrix that an earlier stage tells: its legs are made once, recorded, and then like all others. */

const vectors = join(import.meta.dirname, "../../../shared/workflows/expressions/matrix.json");

type Vector = {
  readonly name: string;
  readonly matrix_yaml: string;
  readonly expected: readonly { readonly matrix: Record<string, Json> }[];
};

describe("a matrix from an earlier output", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const write: Cli["orchestration"] = async (...given) => cli.orchestration(...given);
  /** A stage that tells what the file `said` holds, at the moment it runs. */
  const tells = {
    steps: [{ id: "find", shell: "sh", script: 'echo "cells=$(cat "$HOME/said")" >> "$AITHER_OUTPUT"' }],
    outputs: { cells: "${{ steps.find.outputs.cells }}" },
  };
  const say = async (value: Json) =>
    writeFile(join(cli.workspace.root, "said"), typeof value === "string" ? value : JSON.stringify(value));
  const ledger = async () =>
    (await readFile(join(cli.workspace.root, "ledger"), "utf8").catch(() => "")).split("\n").filter(Boolean).toSorted();
  const note = (text: string) => ({ id: "note", shell: "sh", script: `echo "${text}" >> "$HOME/ledger"` });
  const status = async (job = "latest") => cli.json<JobDetail>("jobs", "status", job);
  const stage = async (id: string) => (await status()).stages.find((one) => one.id === id);
  const expansions = async (job: string): Promise<Event[]> => {
    const { stdout } = await cli.run(["jobs", "events", job, "--json"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    return events.filter(({ type }) => type === "StageExpanded");
  };

  const onAxis = (script: object, more: object = {}) => ({
    jobs: {
      find: tells,
      test: { needs: "find", matrix: { cell: "${{ fromJSON(needs.find.outputs.cells) }}" }, steps: [script], ...more },
    },
  });

  test("GitHub's legs, in GitHub's order, for every shared example", async (t) => {
    if (!existsSync(vectors)) return t.skip("skipped: no shared data");
    const { cases } = JSON.parse(readFileSync(vectors, "utf8")) as { cases: Vector[] };
    await write("whole", {
      jobs: {
        find: tells,
        test: {
          needs: "find",
          matrix: "${{ fromJSON(needs.find.outputs.cells) }}",
          steps: [{ shell: "sh", script: ":" }],
        },
      },
    });
    for (const { name, matrix_yaml, expected } of cases) {
      await say(load(matrix_yaml) as Json);
      await cli.run(["orch", "whole"]);
      const legs = (await stage("test"))?.legs.map(({ matrix }) => Object.entries(matrix));
      assert.deepEqual(
        legs,
        expected.map(({ matrix }) => Object.entries(matrix)),
        name,
      );
    }
  });

  test("is shown as open before the run, and its legs are like all others in it", async () => {
    await say(["a", "b"]);
    await write("legs", {
      variables: { who: "me", cell: "not this one" },
      jobs: {
        find: tells,
        test: {
          needs: "find",
          matrix: { include: "${{ fromJSON(needs.find.outputs.cells) }}" },
          maxParallel: 1,
          outputs: { last: "${{ steps.note.outputs.v }}" },
          steps: [
            {
              ...note("{{cell}} ${{ matrix.cell }} $AITHER_VAR_CELL {{who}} {{place}}"),
              with: { place: "at-{{cell}}" },
            },
            { shell: "sh", if: "matrix.cell == 'b' && always()", script: 'echo "only {{cell}}" >> "$HOME/ledger"' },
            { id: "note2", shell: "sh", script: "exit 3", if: "'{{cell}}' -eq 'c'" },
          ],
        },
        report: { needs: "test", steps: [note("then ${{ needs.test.result }}")] },
      },
    });
    await say([{ cell: "a" }, { cell: "b" }]);
    const dry = await cli.run(["orch", "legs", "--dry-run"]);
    assert.match(dry.stdout, /\[matrix .*fromJSON\(needs\.find\.outputs\.cells\).*: known after find\]/);
    assert.match((await cli.run(["playbooks", "graph", "legs"])).stdout, /known after find/);
    const done = await cli.run(["orch", "legs"]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /test \(2 legs\)[\s\S]*\[cell=a\][\s\S]*\[cell=b\]/);
    assert.deepEqual(await ledger(), ["a a a me at-a", "b b b me at-b", "only b", "then success"]);
    assert.equal((await expansions("1")).length, 1);
  });

  test("numbered scripts are found before the start, also those that only the matrix names", async () => {
    await cli.workspace.write("automation-scripts/0401_One.sh", 'echo "one $AITHER_VAR_CELL" >> "$HOME/ledger"\n');
    await cli.workspace.write("automation-scripts/0402_Two.sh", 'echo "two $AITHER_VAR_CELL" >> "$HOME/ledger"\n');
    await write("numbers", onAxis({ run: "{{cell}}" }));
    await say(["0401", "0402"]);
    assert.equal((await cli.run(["orch", "numbers"])).code, 0);
    assert.deepEqual(await ledger(), ["one 0401", "two 0402"]);
    await say(["0499"]);
    assert.equal((await cli.run(["orch", "numbers"])).code, 1);
    assert.match((await stage("test"))?.reason ?? "", /its leg \[cell=0499\] cannot be made: there is no script 0499/);
  });

  test("what cannot be a matrix fails its stage, with the expression, its place and what it was given", async () => {
    await write("wrong", onAxis(note("never")));
    const rows: [Json, RegExp][] = [
      [
        "[1,",
        /`\$\{\{ fromJSON\(needs\.find\.outputs\.cells\) \}\}` \(playbooks\/wrong\.json:\d+:\d+\) cannot be made: .*fromJSON.*; needs\.find\.outputs\.cells is `\[1,`/,
      ],
      ["", /needs\.find\.outputs\.cells is empty/],
      ['{"a":1}', /`cell` is `\{"a":1\}`, not a list/],
      ['"text"', /`cell` is `text`, not a list/],
      [Array.from({ length: 257 }, (_, index) => index), /257 legs; 256 are allowed/],
      [`"${"s".repeat(500)}"`, /is `s{57}\.\.\.`, not a list/],
    ];
    for (const [said, words] of rows) {
      await say(said);
      assert.equal((await cli.run(["orch", "wrong"])).code, 1);
      const found = await stage("test");
      assert.equal(found?.status, "Failed");
      assert.match(found.reason, words);
    }
    await say([]);
    assert.equal((await cli.run(["orch", "wrong"])).code, 0, "an empty list is no failure");
    assert.deepEqual(
      [(await stage("test"))?.status, (await stage("test"))?.reason],
      ["Skipped", "its matrix has no cells"],
    );
    assert.deepEqual(await ledger(), []);
  });

  test("a matrix that asks what it does not need is refused before the start", async () => {
    const { jobs } = onAxis(note("never"));
    await write("stranger", { jobs: { ...jobs, test: { ...jobs.test, needs: [] } } });
    const refused = await cli.run(["orch", "stranger"]);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /playbooks\/stranger\.json:\d+:\d+: the matrix speaks of `needs\.find`, which test does not need/,
    );
  });

  test("fail-fast, limits, undo and a retry of the failed leg alone, with the legs that were recorded", async () => {
    await say(["a", "b", "c"]);
    const script =
      'echo "run $AITHER_VAR_CELL" >> "$HOME/ledger"; test $AITHER_VAR_CELL != b || test -e "$HOME/mended"';
    const step = { shell: "sh", script, undo: 'echo "undo $AITHER_VAR_CELL" >> "$HOME/ledger"' };
    await write("some", onAxis(step, { maxParallel: 1, failFast: true }));
    assert.equal((await cli.run(["orch", "some"])).code, 1);
    assert.deepEqual(
      (await stage("test"))?.legs.map((leg) => leg.status),
      ["Completed", "Failed", "Cancelled"],
    );
    // What the first stage would tell now does not count: it does not run again.
    await say(["x"]);
    await writeFile(join(cli.workspace.root, "mended"), "");
    const again = await cli.run(["retry", "1", "-f"]);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await ledger(), ["run a", "run b", "run b", "run c"]);
    assert.deepEqual(
      (await stage("test"))?.legs.map((leg) => leg.name),
      ["cell=a", "cell=b", "cell=c"],
    );
    assert.equal((await expansions("2")).length, 0);
    assert.equal((await cli.run(["undo", "2", "-f"])).code, 0);
    assert.deepEqual((await ledger()).slice(0, 4), ["run a", "run b", "run b", "run c"]);
    assert.deepEqual((await ledger()).slice(4), ["undo b", "undo c"]);
    assert.equal((await cli.run(["retry", "1", "--all", "-f"])).code, 0);
    assert.deepEqual(
      (await stage("test"))?.legs.map((leg) => leg.name),
      ["cell=x"],
      "everything anew",
    );
  });

  test("a daemon that is killed before, while and after the legs are made goes on, and makes them once", async () => {
    await say(["a", "b"]);
    const gate = (name: string) => `while [ ! -e "$HOME/${name}" ]; do sleep 0.02; done`;
    const { jobs } = onAxis({
      shell: "sh",
      script: `echo "run $AITHER_VAR_CELL" >> "$HOME/ledger"; ${gate("second")}`,
    });
    const [find] = tells.steps;
    await write("killed", {
      jobs: { ...jobs, find: { ...tells, steps: [{ ...find, script: `${find!.script}; ${gate("first")}` }] } },
    });
    await cli.run(["orch", "killed", "-d"]);
    await waitFor("the first script", async () => (await stage("find"))?.legs[0]?.scripts[0]?.status === "Running");
    const kill = async () => {
      const { pid } = await cli.json<{ pid: number }>("daemon", "status");
      process.kill(pid, "SIGKILL");
    };
    await kill();
    await writeFile(join(cli.workspace.root, "first"), "");
    // Whoever asks brings up the next daemon.
    await waitFor("the legs", async () => (await status()) && (await ledger()).length === 2);
    await kill();
    await writeFile(join(cli.workspace.root, "second"), "");
    assert.equal((await cli.run(["wait", "1"])).code, 0);
    assert.deepEqual(await ledger(), ["run a", "run b"]);
    assert.equal((await expansions("1")).length, 1);
  });
});
