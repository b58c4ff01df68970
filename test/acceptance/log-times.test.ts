import assert from "node:assert/strict";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

/** When a line was written is known while it is followed, and as well when all is over. */

type Piece = { readonly text: string; readonly time: string | null; readonly stream: string };

test("logs --timestamps: each line has its own time, also after the end and of a separate stderr", async () => {
  await using cli = await Cli.create();
  const script = "echo one; sleep 1; echo two; echo oops >&2; sleep 1; printf three";
  await cli.playbook("p", { s: { steps: [{ id: "say", shell: "sh", script, separateStderr: true }] } });
  const startedAt = Date.now();
  assert.equal((await cli.run(["orch", "p", "-d"])).code, 0);
  const followed = await cli.run(["logs", "latest", "-f", "-t"]);
  assert.equal(followed.code, 0);
  const endedAt = Date.now();
  const later = await cli.run(["logs", "latest", "--timestamps"]);
  for (const { stdout } of [followed, later]) {
    const found = stdout
      .trimEnd()
      .split("\n")
      .map((line) => /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/.exec(line) ?? assert.fail(line))
      .map(([, time, text]) => ({ atMs: Date.parse(time!), text }));
    assert.deepEqual(new Set(found.map(({ text }) => text)), new Set(["one", "two", "three", "err │ oops"]));
    const at = (wanted: string): number => found.find(({ text }) => text === wanted)!.atMs;
    assert.ok(startedAt <= at("one") && at("three") <= endedAt);
    for (const [first, then] of [
      ["one", "two"],
      ["one", "err │ oops"],
      ["two", "three"],
      ["err │ oops", "three"],
    ] as const) {
      const gapMs = at(then) - at(first);
      assert.ok(gapMs > 500, `${then} came ${gapMs} ms after ${first}`);
    }
  }
  const { stdout } = await cli.run(["logs", "latest", "--json"]);
  const pieces = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Piece);
  assert.deepEqual(
    pieces.map(({ stream, text, time }) => [stream, text, time !== null]),
    [
      ["out", "one\n", true],
      ["out", "two\n", true],
      ["out", "three", true],
      ["err", "oops\n", true],
    ],
  );
  const refused = await cli.run(["logs", "latest", "--timestamps", "--raw"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /leave --timestamps away, or --raw/);
});

test("what was quicker than anybody looked has a time, too", async () => {
  await using cli = await Cli.create();
  const step = { id: "say", shell: "sh", script: "echo out; echo err >&2", separateStderr: true };
  await cli.playbook("p", { s: { steps: [step] } });
  assert.equal((await cli.run(["orch", "p"])).code, 0);
  const { stdout } = await cli.run(["logs", "latest", "-t"]);
  assert.match(stdout, /^\d{4}\S+Z out\n\d{4}\S+Z err │ err\n$/);
});
