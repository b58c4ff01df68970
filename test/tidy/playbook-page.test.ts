import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { playbookSchema } from "@aither/protocol/contracts";
import { root } from "../../scripts/lib/root.ts";

type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

/** Every key of a playbook, by its name, with what is said of it. */
function* keysOf(schema: Schema): Iterable<readonly [string, Schema]> {
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield [name, inner];
    yield* keysOf(inner);
  }
  for (const inner of Object.values(schema.patternProperties ?? {})) yield* keysOf(inner);
  if (schema.items) yield* keysOf(schema.items);
  for (const inner of schema.anyOf ?? []) yield* keysOf(inner);
}

test("every key of a playbook is on the page for people who write them, or on one it points to", () => {
  const pages = ["playbooks", "around", "cache", "control", "composing", "output"]
    .map((name) => readFileSync(join(root, "docs", `${name}.md`), "utf8"))
    .join("\n");
  const absent = [...keysOf(playbookSchema as Schema)].map(([name]) => name).filter((name) => !pages.includes(name));
  assert.deepEqual([...new Set(absent)], []);
});

test("every key of a playbook is described in its schema", () => {
  const bare = [...keysOf(playbookSchema as Schema)]
    .filter(([, { description }]) => !description)
    .map(([name]) => name);
  assert.deepEqual([...new Set(bare)], []);
});
