import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expandMatrix } from "@aither/core";
import { readPlaybook } from "@aither/playbook";
import type { Json } from "@aither/protocol";

const file = join(import.meta.dirname, "../../../../shared/workflows/expressions/matrix.json");

type Vector = {
  readonly name: string;
  readonly matrix_yaml: string;
  readonly expected: readonly { readonly matrix: Record<string, Json>; readonly name_suffix: string }[];
};

test("a matrix written in YAML gives GitHub's legs, in GitHub's order, with GitHub's names", (t) => {
  if (!existsSync(file)) return t.skip("skipped: no shared data");
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Vector[] };
  assert.ok(cases.length >= 16);
  for (const { name, matrix_yaml, expected } of cases) {
    const indented = matrix_yaml.replaceAll(/^/gm, "        ");
    const text = `metadata: {name: m}\norchestration:\n  jobs:\n    s:\n      steps: []\n      matrix:\n${indented}\n`;
    const read = readPlaybook(text, "m.yaml");
    assert.ok(read.ok, name);
    const expanded = expandMatrix(read.playbook.orchestration.jobs["s"]?.matrix as Record<string, Json>);
    assert.ok(expanded.ok, name);
    const legs = expanded.legs.map(({ matrix, suffix }) => ({ matrix: Object.entries(matrix), suffix }));
    const wanted = expected.map((leg) => ({ matrix: Object.entries(leg.matrix), suffix: leg.name_suffix }));
    assert.deepEqual(legs, wanted, name);
  }
});
