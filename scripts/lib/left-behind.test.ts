import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { processesHolding } from "./left-behind.ts";

test("a process is found by its environment while it lives, and not afterwards", async (t) => {
  if (!existsSync("/proc/self/environ")) return t.skip("skipped: no /proc here");
  const mark = randomUUID();
  const child = spawn("cat", { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, MARK: mark } });
  child.stdin.write("ready");
  await new Promise((resolve) => child.stdout.once("data", resolve));

  assert.deepEqual(
    processesHolding([`MARK=${mark}`]).map(({ pid }) => pid),
    [child.pid],
  );

  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  assert.deepEqual(processesHolding([`MARK=${mark}`]), []);
});
