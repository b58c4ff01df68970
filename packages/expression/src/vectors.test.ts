import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { evaluate, toPlain, type Value } from "./index.ts";

const folder = join(import.meta.dirname, "../../../../shared/workflows/expressions/vectors");

type Vector = {
  readonly expr: string;
  readonly contexts?: Record<string, Value>;
  readonly result?: { readonly kind: string; readonly value: unknown };
  readonly err?: { readonly kind: "lexing" | "parsing" | "evaluation"; readonly value: string };
};

/**
 * What we do not follow. The expression sizes of GitHub's service are no concern of a local runner, and
 * a limit of the text's length holds here instead.
 */
const differs = new Set(["The maximum allowed memory size was exceeded"]);

function kindOf(value: Value): string {
  if (value === null) return "Null";
  if (Array.isArray(value)) return "Array";
  if (typeof value === "object") return "Object";
  return { boolean: "Boolean", number: "Number", string: "String" }[typeof value as "boolean"];
}

test("GitHub's own expression vectors", (t) => {
  if (!existsSync(folder)) return t.skip("skipped: no shared data");
  let count = 0;
  const failures: string[] = [];
  for (const file of readdirSync(folder)) {
    const groups = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, Vector[]>;
    for (const [group, vectors] of Object.entries(groups)) {
      for (const vector of vectors) {
        if (differs.has(vector.err?.value ?? "")) continue;
        count += 1;
        try {
          check(vector, `${file} ${group}: ${vector.expr.slice(0, 200)}`);
        } catch (error) {
          failures.push((error as Error).message);
        }
      }
    }
  }
  assert.deepEqual(failures, []);
  assert.ok(count >= 500, `only ${count} vectors were found`);
});

function check(vector: Vector, label: string): void {
  const result = evaluate(vector.expr, { names: vector.contexts ?? {} });
  if (vector.err) {
    assert.equal(result.is, "error", label);
    if (result.is !== "error") return;
    assert.equal(result.kind, vector.err.kind, label);
    assert.ok(result.message.includes(vector.err.value), `${label}\n${result.message}`);
    return;
  }
  assert.equal(result.is, "value", `${label}: ${JSON.stringify(result)}`);
  if (result.is !== "value") return;
  assert.equal(kindOf(result.value), vector.result?.kind, label);
  const plain = toPlain(result.value);
  if (typeof plain === "number" && typeof vector.result?.value !== "number") {
    assert.equal(String(plain), String(vector.result?.value), label);
  } else if (typeof plain === "number") {
    assert.ok(plain === vector.result?.value, `${label}: ${plain}`);
  } else {
    assert.deepEqual(plain, vector.result?.value, label);
  }
}
