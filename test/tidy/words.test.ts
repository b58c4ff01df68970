import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "./lib/sources.ts";
import type { Source } from "./lib/sources.ts";

const folders = [
  "packages",
  "daemon",
  "cli",
  "scripts",
  "test",
  "bench",
  "docs",
  "playbooks",
  "automation-scripts",
  "bin",
  "schemas",
];

/** The patterns are put together from halves, so that this file does not contain what it forbids. */
const forbidden: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    new RegExp(`\\b(TO${"DO"}|FIX${"ME"}|XX${"X"}|HA${"CK"})\\b`),
    "unfinished work is finished or reported, not committed",
  ],
  [new RegExp(`not imp${"lemented"}`, "i"), "a stub is not a part"],
  [new RegExp(`\\.(on${"ly"}|to${"do"})\\(`), "a test that hides others, or does not exist"],
  [new RegExp(`(?<![\\w.])/wo${"rk"}/|/ro${"ot"}/`), "a path of somebody's machine"],
  [new RegExp(`registry\\.np${"mjs"}\\.org|registry\\.yarn${"pkg"}`), "a registry is a setting of the machine"],
];

/** What looks like a machine's path but is data: examples of foreign workflows, containers and units. */
const exempt = /\/fixtures\/|test\/compat\/|test\/tidy\/words\.test\.ts$/;

function findings(sources: readonly Source[]): readonly string[] {
  return sources
    .filter((source) => !exempt.test(source.path))
    .flatMap((source) =>
      source.text
        .split("\n")
        .flatMap((line, index) =>
          forbidden
            .filter(([pattern]) => pattern.test(line))
            .map(([, why]) => `${source.path}:${index + 1}: ${line.trim().slice(0, 100)} — ${why}`),
        ),
    );
}

test("nothing in the tree is unfinished, or speaks of one machine", () => {
  const files = read(folders, (name) => /\.(ts|tsx|mjs|js|json|md|ya?ml|sh|txt|c)$/.test(name) || !name.includes("."));
  assert.ok(files.length > 10, "the check must see the files");
  assert.deepEqual(findings(files), []);
});

test("a planted word is seen", () => {
  const lines = [
    `// TO${"DO"}: later`,
    `throw new Error("not imp${"lemented"}")`,
    `test.on${"ly"}("x")`,
    `cd /wo${"rk"}/main`,
  ];
  for (const text of lines) assert.equal(findings([{ path: "daemon/src/x.ts", text }]).length, 1, text);
});
