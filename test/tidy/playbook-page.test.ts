import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { createPlaybookValidator } from "@aither/playbook/validate";
import { playbookFileSchema } from "@aither/protocol/contracts";
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
  const absent = [...keysOf(playbookFileSchema as Schema)]
    .map(([name]) => name)
    .filter((name) => !pages.includes(name));
  assert.deepEqual([...new Set(absent)], []);
});

test("every key of a playbook is described in its schema", () => {
  const bare = [...keysOf(playbookFileSchema as Schema)]
    .filter(([, { description }]) => !description)
    .map(([name]) => name);
  assert.deepEqual([...new Set(bare)], []);
});

/** What the schema for editors says of a file as it is written. */
const isValid = createPlaybookValidator(playbookFileSchema);
const underlined = (file: unknown): readonly string[] => isValid(file).map(({ message }) => message);

type Example = { readonly orchestration?: object; readonly jobs?: object };

/** Examples are whole files, or the part that they are about. */
function wholeOf(block: string): object | null {
  const example = load(block) as Example;
  if (example.orchestration !== undefined) return { ...example, orchestration: { jobs: {}, ...example.orchestration } };
  return example.jobs === undefined ? null : { orchestration: example };
}

test("an editor underlines nothing in the playbooks of the pages and of this project", () => {
  const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const blocks = pages.flatMap((name) => {
    const page = readFileSync(join(root, "docs", name), "utf8");
    return [...page.matchAll(/^```ya?ml\n(.*?)^```/gms)].map(([, block]) => block!);
  });
  const examples = blocks.filter((block) => !block.includes("…")).flatMap((block) => wholeOf(block) ?? []);
  assert.ok(examples.length > 5, `${examples.length} examples`);
  const own = readdirSync(join(root, "playbooks")).map((name) =>
    load(readFileSync(join(root, "playbooks", name), "utf8")),
  );
  for (const file of [...examples, ...own]) assert.deepEqual(underlined(file), [], JSON.stringify(file));
});

test("an editor knows the short forms, and misses what a step runs", () => {
  const jobs = (lines: string): unknown =>
    load(`orchestration:\n  concurrency: deploy\n  reports: [all.html]\n  jobs:\n${lines}`);
  assert.deepEqual(underlined(jobs("    a: { uses: 'playbook:x' }")), []);
  assert.deepEqual(underlined(jobs("    a: { run: 0402, if: true }")), []);
  assert.deepEqual(underlined(jobs("    a: { steps: ['0402', 0404, { run: ['0402', 0404] }] }")), []);
  const wrong = underlined(jobs("    a: { steps: [{ scrpt: ':' }] }"));
  assert.match(wrong.join(), /orchestration\.jobs\.a\.steps\.0`/);
  assert.match(underlined(jobs("    a: { needs: 5, steps: [] }")).join(), /orchestration\.jobs\.a\.needs`/);
});
