import assert from "node:assert/strict";
import { test } from "node:test";
import { fileSystemFinding, spaceFindings } from "./home.ts";

test("a home on a network's or a memory's file system is warned of; a local disk is good", () => {
  assert.equal(fileSystemFinding(0x6969).state, "warn");
  assert.match(fileSystemFinding(0x6969).says, /^NFS/);
  assert.equal(fileSystemFinding(0x01021994).state, "warn");
  assert.equal(fileSystemFinding(0xef53).state, "good");
});

test("a disk without room is broken, one with little is warned of, and so is one without names", () => {
  const states = (disk: Parameters<typeof spaceFindings>[0]): string[] => spaceFindings(disk).map(({ state }) => state);
  assert.deepEqual(states({ freeBytes: 1_000, names: 0, freeNames: 0 }), ["bad"]);
  assert.deepEqual(states({ freeBytes: 100 * 2 ** 20, names: 0, freeNames: 0 }), ["warn"]);
  assert.deepEqual(states({ freeBytes: 2 ** 40, names: 5_000, freeNames: 3 }), ["good", "warn"]);
});
