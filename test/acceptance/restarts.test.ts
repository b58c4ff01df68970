import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** Nobody has to know that the daemon is being restarted: each command is served by the one before or the one after. */

const RESTARTS = 5;

test("commands go on working while the daemon is restarted again and again", async () => {
  await using cli = await Cli.create();
  await cli.playbook("tiny", { a: { steps: [{ id: "one", shell: "sh", script: "echo done" }] } });
  const before = await cli.json<{ number: number }>("orch", "tiny", "-d");
  await cli.run(["wait", String(before.number)]);
  let isOver = false;
  const lanes = [
    ["jobs", "list", "--json"],
    ["orch", "tiny", "-d", "--json"],
    ["jobs", "status", String(before.number), "--json"],
    ["wait", String(before.number)],
  ].map(async (argv) => {
    const started: number[] = [];
    do {
      const { code, stdout, stderr } = await cli.run(argv);
      assert.equal(code, 0, `aither ${argv.join(" ")}: ${stderr}`);
      if (argv[0] === "orch") started.push((JSON.parse(stdout) as { number: number }).number);
    } while (!isOver);
    return started;
  });
  const all = Promise.all(lanes);
  // Its failure is told below, and not while the restarts go on.
  all.catch(() => undefined);
  for (let nth = 0; nth < RESTARTS; nth += 1) {
    const { code, stderr } = await cli.run(["daemon", "restart"]);
    assert.equal(code, 0, stderr);
  }
  isOver = true;
  const numbers = (await all).flat();
  assert.ok(numbers.length > 0);
  assert.equal(new Set(numbers).size, numbers.length, "no start was done twice, none lost");
  for (const number of numbers) {
    await cli.run(["wait", String(number)]);
    assert.equal((await cli.json<JobDetail>("jobs", "status", String(number))).status, "Completed");
  }
  const { jobs } = await cli.json<{ jobs: unknown[] }>("jobs", "list", "--limit", "1000");
  assert.equal(jobs.length, numbers.length + 1);
});
