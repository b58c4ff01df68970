import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/root.ts";
import { importsOf } from "./lib/imports.ts";
import { table, violations } from "./lib/layers.ts";
import { typescript } from "./lib/sources.ts";

test("every import follows the table", () => {
  const sources = typescript(...Object.values(table).map((row) => row.folder));
  assert.ok(sources.length > 10, "the check must see the code");
  assert.deepEqual(violations(sources), []);
});

test("every package declares what the table lets it import, and no more", () => {
  for (const [name, row] of Object.entries(table)) {
    const manifest = JSON.parse(readFileSync(join(root, row.folder, "..", "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const allowed = new Set([...Object.keys(row.ours), ...Object.keys(row.npm)]);
    const beyond = Object.keys(manifest.dependencies ?? {}).filter((dependency) => !allowed.has(dependency));
    assert.deepEqual(beyond, [], `${name} declares dependencies that the table does not know`);
  }
});

const planted: readonly { readonly path: string; readonly text: string; readonly expected: RegExp }[] = [
  {
    path: "packages/core/src/planted.ts",
    text: 'import { Type } from "@aither/protocol";',
    expected: /only as types/,
  },
  {
    path: "packages/core/src/planted.ts",
    text: 'import { type A, b } from "@aither/protocol";',
    expected: /only as types/,
  },
  {
    path: "packages/core/src/planted.ts",
    text: 'import type { Stats } from "node:fs";',
    expected: /may not use node:fs/,
  },
  { path: "packages/core/src/planted.ts", text: 'import fs from "fs";', expected: /may not use fs/ },
  { path: "packages/core/src/planted.ts", text: 'import { a } from "@aither/engine";', expected: /point upward/ },
  {
    path: "packages/core/src/planted.ts",
    text: 'type A = import("@aither/playbook").Playbook;',
    expected: /siblings do not know each other/,
  },
  {
    path: "packages/core/src/planted.ts",
    text: 'export * from "../../playbook/src/read.ts";',
    expected: /out of its own folder/,
  },
  {
    path: "packages/supervise/src/planted.ts",
    text: 'import type { Event } from "@aither/protocol";',
    expected: /may not import @aither\/protocol/,
  },
  {
    path: "packages/engine/src/planted.ts",
    text: 'const fs = await import("node:fs");',
    expected: /may not use node:fs/,
  },
  { path: "packages/client/src/planted.ts", text: 'import { Client } from "undici";', expected: /in this file/ },
  { path: "packages/client/src/browser.ts", text: 'import net from "node:net";', expected: /may not use node:net/ },
  { path: "packages/protocol/src/routes.ts", text: 'import { Type } from "typebox";', expected: /in this file/ },
  { path: "packages/playbook/src/read.ts", text: 'import { Ajv } from "ajv";', expected: /in this file/ },
  { path: "cli/src/planted.ts", text: 'import { Command } from "commander";', expected: /only by import\(\)/ },
  {
    path: "cli/src/planted.ts",
    text: 'import { a } from "@aither/engine";',
    expected: /may not import @aither\/engine/,
  },
  { path: "cli/src/planted.ts", text: 'import "aitherd";', expected: /siblings|may not import aitherd/ },
  { path: "daemon/src/planted.ts", text: "import {\n  a,\n} from 'undici';", expected: /may not import undici/ },
];

test("a planted violation is seen, with its reason", () => {
  for (const { path, text, expected } of planted) {
    const found = violations([{ path, text }]);
    assert.equal(found.length, 1, `${path}: ${text}`);
    assert.match(found[0] ?? "", expected, text);
  }
});

test("what is allowed is not reported", () => {
  const allowed: readonly (readonly [path: string, text: string])[] = [
    ["packages/core/src/a.ts", 'import type { Event } from "@aither/protocol";'],
    ["packages/core/src/a.ts", 'import { type A, type B } from "@aither/protocol";'],
    ["packages/core/src/a.ts", '// import { a } from "@aither/engine";\nconst text = `import x from "node:fs"`;'],
    ["packages/core/src/a.test.ts", 'import test from "node:test";\nimport fc from "fast-check";'],
    ["packages/client/src/node-websocket.ts", 'import { Client } from "undici";\nimport net from "node:net";'],
    ["cli/src/a.ts", 'const { Command } = await import("commander");'],
    ["daemon/src/a/b.ts", 'import { c } from "../c.ts";'],
  ];
  for (const [path, text] of allowed) assert.deepEqual(violations([{ path, text }]), [], text);
});

test("imports are found in every form, and never in comments or texts", () => {
  const text = [
    'import a, { type B } from "one";',
    "import 'two';",
    'export type { C } from "three";',
    'const d = await import("four");',
    'const e = require("five");',
    '/* import "no" */ const s = "import \\"no\\" from x"; const r = /import "no"/;',
    'const t = `${await import("six")} import "no"`;',
  ].join("\n");
  assert.deepEqual(
    importsOf(text)
      .map((found) => [found.specifier, found.typeOnly, found.line])
      .toSorted((a, b) => Number(a[2]) - Number(b[2])),
    [
      ["one", false, 1],
      ["two", false, 2],
      ["three", true, 3],
      ["four", false, 4],
      ["five", false, 5],
      ["six", false, 7],
    ],
  );
});
