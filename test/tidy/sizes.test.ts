import assert from "node:assert/strict";
import { test } from "node:test";
import { typescript } from "./lib/sources.ts";

const linesMax = 400;

/** Files that a program writes. */
const generated = /\/generated\//;

test(`no file is longer than ${linesMax} lines`, () => {
  const sources = typescript("packages", "daemon", "cli", "scripts", "test", "bench", "docs");
  assert.ok(sources.length > 10, "the check must see the code");
  const long = sources
    .filter((source) => !generated.test(source.path))
    .map((source) => ({ path: source.path, lines: source.text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  assert.deepEqual(long, []);
});
