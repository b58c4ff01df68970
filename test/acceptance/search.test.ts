import assert from "node:assert/strict";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

test("aither search ends as grep does: 0 found, 1 not found, 2 wrong", async () => {
  await using cli = await Cli.create();
  await cli.playbook("p", { s: { steps: [{ id: "say", script: "echo one; echo two needles; seq 1 200000" }] } });
  assert.equal((await cli.run(["orch", "p"])).code, 0);
  const found = await cli.run(["search", "needle"]);
  assert.deepEqual([found.code, found.stdout], [0, "1/s/say:2: two needles\n"]);
  const none = await cli.run(["search", "nothing such"]);
  assert.deepEqual([none.code, none.stdout, none.stderr], [1, "", ""]);
  const wrong = await cli.run(["search", "-E", "(needle"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /is no regex: .*Unterminated group/);
  const json = await cli.run(["search", "-i", "NEEDLES", "--json"]);
  const { jobId, ...hit } = JSON.parse(json.stdout);
  assert.ok(jobId);
  assert.deepEqual(hit, { number: 1, script: "s/say", attempt: 1, stream: "out", line: 2, text: "two needles" });
  const many = await cli.run(["search", "-E", "^[0-9]+$", "--max", "3"]);
  assert.equal(many.stdout, "1/s/say:3: 1\n1/s/say:4: 2\n1/s/say:5: 3\n");
  assert.equal((await cli.run(["search", "needle", "--stream", "both"])).code, 2);
});
