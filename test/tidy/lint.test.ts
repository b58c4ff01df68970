import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/root.ts";

type Planted = { readonly path: string; readonly rule: string; readonly text: string };

/** One violation a file; each must be seen by the rule that is named. A green light has to look at something. */
const planted: readonly Planted[] = [
  {
    path: "daemon/src/floating.ts",
    rule: "no-floating-promises",
    text: "async function later(): Promise<void> {}\nexport function now(): void {\n  later();\n}\n",
  },
  {
    path: "daemon/src/case.ts",
    rule: "switch-exhaustiveness-check",
    text: 'export function f(u: "a" | "b"): number {\n  switch (u) {\n    case "a":\n      return 1;\n  }\n  return 0;\n}\n',
  },
  {
    path: "daemon/src/types.ts",
    rule: "consistent-type-imports",
    text: 'import { Stats } from "node:fs";\nexport const stats: Stats[] = [];\n',
  },
  { path: "daemon/src/default.ts", rule: "no-default-export", text: "export default 1;\n" },
  { path: "daemon/src/any.ts", rule: "no-explicit-any", text: "export const a: any = 1;\n" },
  {
    path: "daemon/src/deep.ts",
    rule: "no-restricted-imports",
    text: 'import type { X } from "@aither/core/src/x.ts";\nexport type Y = X;\n',
  },
  { path: "packages/core/src/date.ts", rule: "no-restricted-globals", text: "export const now = Date.now();\n" },
  { path: "packages/core/src/roll.ts", rule: "no-restricted-properties", text: "export const r = Math.random();\n" },
  {
    path: "cli/src/http.ts",
    rule: "no-restricted-imports",
    text: 'import { get } from "node:http";\nexport { get };\n',
  },
  {
    path: "daemon/src/long.ts",
    rule: "max-lines-per-function",
    text: `export function f(): void {\n${"  process.pid.toString();\n".repeat(71)}}\n`,
  },
  {
    path: "daemon/src/ring-a.ts",
    rule: "no-cycle",
    text: 'import { b } from "./ring-b.ts";\nexport const a = (): number => b();\n',
  },
];

test("the linter sees each planted violation", () => {
  const folder = mkdtempSync(join(tmpdir(), "aither-lint-"));
  try {
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    for (const { path, text } of planted) put(path, text);
    put("daemon/src/ring-b.ts", 'import { a } from "./ring-a.ts";\nexport const b = (): number => a();\n');
    put(
      "tsconfig.json",
      JSON.stringify({
        extends: "./tsconfig.base.json",
        compilerOptions: {
          allowImportingTsExtensions: true,
          noEmit: true,
          composite: false,
          rewriteRelativeImportExtensions: false,
        },
        include: ["**/*.ts"],
      }),
    );
    for (const name of [".oxlintrc.json", "tsconfig.base.json", "package.json"])
      copyFileSync(join(root, name), join(folder, name));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));

    const oxlint = join(root, "node_modules", ".bin", "oxlint");
    const result = spawnSync(oxlint, ["--type-aware", "-f", "unix"], { cwd: folder, encoding: "utf8" });

    assert.notEqual(result.status, 0);
    for (const { path, rule } of planted) {
      const line = result.stdout
        .split("\n")
        .find((candidate) => candidate.startsWith(`${path}:`) && candidate.includes(rule));
      assert.ok(line, `${rule} did not see ${path}:\n${result.stdout}${result.stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
