/** The daemon's own log is for people: where it cannot be written, lines are lost and nothing else. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";

const intoFull = ["/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh"];

test("a daemon whose log is on a full disk runs jobs, says what is wrong with them, and ends with 0", async (t) => {
  if (!existsSync("/dev/full")) return t.skip("skipped: there is no /dev/full");
  await using daemon = await Daemon.start({ around: intoFull, env: { AITHER_LOG_LEVEL: "debug" } });
  for (const [script, status] of [
    ["echo fine", "Completed"],
    ["exit 3", "Failed"],
  ] as const) {
    const jobs = { a: { steps: [{ shell: "sh", script }] } };
    const job = await daemon.ended(await daemon.startJob({ metadata: { name: "x" }, orchestration: { jobs } }));
    assert.equal(job.status, status);
  }
  assert.equal(daemon.log().length, 0, "not a line was written");
  assert.equal(await daemon.stop(), 0);
});
