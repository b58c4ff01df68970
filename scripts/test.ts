// One door to everything that can fail:
//
//   npm run check                 format, lint, types, knip, tidy, unit
//   npm test                      all that, and every level under test/
//   npm test -- integration tui   only these levels
//   npm test -- FILE …            only these files
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gates, runGates } from "./lib/gates.ts";
import { processesHolding } from "./lib/left-behind.ts";
import { root } from "./lib/root.ts";
import { add, runTests } from "./lib/run-tests.ts";
import type { Counts } from "./lib/run-tests.ts";
import { levels, testFiles } from "./lib/test-files.ts";
import type { Level } from "./lib/test-files.ts";

const concurrency = 2;
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const words = process.argv.slice(2);
const { withGates, chosen } = choose(words);

const mark = randomUUID();
process.env["AITHER_TEST_RUN"] = mark;
// All temporary files of the run are in one folder, which goes at the end. Its name is short because sockets live in it.
const scratch = mkdtempSync(join(tmpdir(), "at-"));
process.env["TMPDIR"] = scratch;
// A forgotten default must never reach the state of the person who runs the tests.
process.env["XDG_STATE_HOME"] = scratch;
// It triples the start of every Node 20 process, and no test speaks TLS.
delete process.env["NODE_EXTRA_CA_CERTS"];

const failedGates = withGates ? await runGates() : [];
for (const level of chosen) {
  add(
    total,
    await runTests({ title: level.name, files: testFiles(level), concurrency, fileTimeoutMs: level.fileTimeoutMs }),
  );
}
endProcessesLeftBehind();
rmSync(scratch, { recursive: true, force: true });
conclude();

function choose(asked: readonly string[]): { withGates: boolean; chosen: readonly Level[] } {
  const all = levels();
  if (asked.length === 0) return { withGates: true, chosen: all };
  if (asked[0] === "check")
    return { withGates: true, chosen: all.filter((level) => ["tidy", "unit"].includes(level.name)) };
  return { withGates: false, chosen: asked.map((word) => find(word, all)) };
}

function find(word: string, all: readonly Level[]): Level {
  const level = all.find((candidate) => candidate.name === word);
  if (level !== undefined) return level;
  if (existsSync(join(root, word))) return { name: word, folders: [word], fileTimeoutMs: 40 * 60_000 };
  console.error(
    `There is no level and no file "${word}". Levels: ${all.map((candidate) => candidate.name).join(", ")}.`,
  );
  return process.exit(2);
}

function endProcessesLeftBehind(): void {
  for (const found of processesHolding([`AITHER_TEST_RUN=${mark}`, `${scratch}/`])) {
    total.failed += 1;
    console.log(`✗ left behind: process ${found.pid}: ${found.commandLine}`);
    try {
      process.kill(found.pid, "SIGKILL");
    } catch {
      // It ended between being seen and being ended.
    }
  }
}

/** Says it in one plain line; a failed gate counts as one failure, so that the line never contradicts the exit code. */
function conclude(): void {
  if (failedGates.length > 0) console.log(`✗ failed: ${failedGates.join(", ")} (of ${gates.length} checks)`);
  const failed = total.failed + failedGates.length;
  const line = `${total.passed} passed, ${failed} failed`;
  console.log(total.skipped > 0 ? `(${total.skipped} skipped)\n${line}` : line);
  const results = process.env["AITHER_TEST_RESULTS"];
  if (results !== undefined) writeFileSync(results, `${line}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
