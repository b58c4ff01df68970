import assert from "node:assert/strict";
import { test } from "node:test";
import { staticClosure } from "./lib/closure.ts";

/** Each costs more than a bare Node to import, or half of one. They wait behind `import()`. */
const heavy = [
  "undici",
  "commander",
  "typebox",
  "ajv",
  "js-yaml",
  "yaml",
  "execa",
  "pino",
  "fastify",
  "node:http",
  "node:https",
];

function packages(others: ReadonlySet<string>): readonly string[] {
  return [...others].filter((specifier) =>
    heavy.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
  );
}

for (const entry of ["cli/src/main.ts", "packages/client/src/node.ts", "packages/client/src/index.ts"]) {
  test(`loading ${entry} loads nothing heavy`, () => {
    const { files, others } = staticClosure(entry);
    assert.ok(files.size > 3, "the check must see the code");
    assert.deepEqual(packages(others), []);
  });
}

for (const entry of [
  "packages/client/src/browser.ts",
  "packages/client/src/index.ts",
  "packages/core/src/index.ts",
  "packages/protocol/src/index.ts",
]) {
  test(`loading ${entry} needs no Node`, () => {
    const { others } = staticClosure(entry);
    assert.deepEqual(
      [...others].filter((specifier) => specifier.startsWith("node:")),
      [],
    );
  });
}

test("the main door of protocol imports nothing", () => {
  assert.deepEqual([...staticClosure("packages/protocol/src/index.ts").others], []);
});

test("what is heavy is seen where it is", () => {
  assert.deepEqual(packages(staticClosure("packages/protocol/src/contracts.ts").others), ["typebox"]);
  assert.deepEqual(packages(staticClosure("packages/client/src/node-websocket.ts").others), ["undici"]);
});
