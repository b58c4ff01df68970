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
  const { jobId, time, ...hit } = JSON.parse(json.stdout);
  assert.ok(jobId);
  // The time of the line is the one that `logs` shows, under the same flag.
  const shown = (await cli.run(["logs", "latest", "-t"])).stdout.split("\n").find((line) => line.endsWith("needles"));
  assert.equal(`${time} two needles`, shown);
  for (const flag of ["-t", "--timestamps"]) {
    assert.equal((await cli.run(["search", "needle", flag])).stdout, `${time} 1/s/say:2: two needles\n`);
  }
  assert.deepEqual(hit, { number: 1, script: "s/say", attempt: 1, stream: "out", line: 2, text: "two needles" });
  const many = await cli.run(["search", "-E", "^[0-9]+$", "--max", "3"]);
  assert.equal(many.stdout, "1/s/say:3: 1\n1/s/say:4: 2\n1/s/say:5: 3\n");
  assert.equal((await cli.run(["search", "needle", "--stream", "both"])).code, 2);
});

test("what is found first is printed while the rest is still searched", async () => {
  await using cli = await Cli.create();
  // Much to look through, and nothing on the disk: the zeros of a hole. What is newer is searched before it.
  await cli.playbook("much", { s: { steps: [{ shell: "sh", script: "truncate -s 6G /proc/self/fd/1" }] } });
  await cli.playbook("few", { s: { steps: [{ id: "say", shell: "sh", script: "echo needle" }] } });
  assert.equal((await cli.run(["orch", "much", "-q"])).code, 0);
  assert.equal((await cli.run(["orch", "few", "-q"])).code, 0);
  for (const query of [["needle"], ["-E", "ne{2}dle"], ["-i", "NEEDLE"]]) {
    const searching = cli.start(["search", ...query]);
    await searching.says(/2\/s\/say:1: needle\n/);
    assert.equal(searching.child.exitCode, null, "it searches on");
    // Whoever stops reading stops it.
    searching.child.kill("SIGINT");
    await searching.ended;
  }
  const narrow = await cli.run([
    "search",
    "needle",
    "--job",
    "2",
    "--script",
    "s/say",
    "--since",
    "1h",
    "--stream",
    "out",
  ]);
  assert.deepEqual([narrow.code, narrow.stdout], [0, "2/s/say:1: needle\n"]);
});
