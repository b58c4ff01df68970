/** Rows with bugs in them, which the harness has to find. They are in no run. */
import { writeFileSync } from "node:fs";
import { devNull } from "node:os";
import assert from "node:assert/strict";
import fc from "fast-check";
import { target, type Target } from "../lib/target.ts";

export const plantedTargets: readonly Target[] = [
  target("planted/length", {
    covers: [],
    arbitrary: fc.string({ maxLength: 40 }),
    property: (text) => assert.ok(text.length < 9, "too long"),
  }),
  target("planted/hang", {
    covers: [],
    arbitrary: fc.nat(1_000),
    property: (number) => {
      while (number % 10 === 7) continue;
    },
  }),
  target("planted/write", { covers: [], arbitrary: fc.nat(), property: () => writeFileSync(devNull, "x") }),
];
