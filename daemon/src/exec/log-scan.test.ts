import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogScan } from "./log-scan.ts";

test("who knows how far an earlier one came goes on there: the line it had begun is read again, what is long ago is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "ax-"));
  t.after(async () => rm(folder, { recursive: true }));
  const path = join(folder, "log");
  const before = `::add-mask::long-ago\n${"x".repeat(999)}\n`.repeat(1_000);
  const half = `  ::add-mask::${"y".repeat(60_000)}`;
  await writeFile(path, `${before}${half}z\n::add-mask::last`);
  const size = before.length + half.length + "z\n::add-mask::last".length;
  const named: string[] = [];
  const scan = new LogScan(path, before.length + half.length, (values) => named.push(...values));
  await scan.finish(size);
  const again = named.filter((value) => value === "long-ago");
  assert.ok(again.length < 100, `${again.length} of a thousand`);
  assert.deepEqual(named.slice(again.length), [`${"y".repeat(60_000)}z`, "last"]);
});
