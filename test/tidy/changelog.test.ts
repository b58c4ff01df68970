import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/root.ts";

const text = readFileSync(join(root, "CHANGELOG.md"), "utf8");
const headings = text.split("\n").filter((line) => line.startsWith("## "));

test("the changelog begins with what is not released", () => {
  assert.equal(headings[0], "## Unreleased");
});

test("every release has a version and a date", () => {
  for (const heading of headings.slice(1)) assert.match(heading, /^## \d+\.\d+\.\d+ — \d{4}-\d{2}-\d{2}$/);
});

test("the product has one version", () => {
  const folders = [
    ".",
    "cli",
    "daemon",
    ...["protocol", "core", "expression", "playbook", "engine", "client", "supervise"].map(
      (name) => `packages/${name}`,
    ),
  ];
  const versions = folders.map(
    (folder) => (JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { version: string }).version,
  );
  assert.equal(new Set(versions).size, 1, versions.join(" "));
});
