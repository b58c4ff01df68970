import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parsePsd1, readPlaybook } from "@aither/playbook";
import type { Json } from "@aither/protocol";
import { hasUpstreamData, readExpected, upstream } from "./lib/upstream-data.ts";

type Place = { readonly object: Record<string, Json>; readonly path: readonly (string | number)[] };

/** Where names and values are the writer's own. */
const ofTheWriter =
  /^(variables|defaultvariables|parameters|params|with|env|environment|overrides|matrix|matrixdimensions|default|outputs)$/i;

/**
 * Silence about a declared key is a defect. A key that nobody can know is planted into every object of every real
 * playbook, one at a time: it must be listed (or the whole object around it), or be refused.
 */
test("no key of any object of the real playbooks is passed over in silence", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const { playbooks } = await readExpected();
  const silent: string[] = [];
  let planted = 0;
  for (const { file } of playbooks) {
    const document = await documentOf(file);
    for (const { object, path } of objectsOf(document, [])) {
      if (path.some((key) => typeof key === "string" && ofTheWriter.test(key))) continue;
      object["plantedKey"] = "planted";
      const read = readPlaybook(JSON.stringify(document), "planted.json");
      delete object["plantedKey"];
      planted += 1;
      if (!read.ok) continue;
      const places = [...path, "plantedKey"].map((_, index, all) => textOf(all.slice(0, index + 1)));
      const isSaid = read.notEnforced.some(({ where }) => places.includes(where));
      // What describes a playbook demands nothing and is kept as it is.
      const isLabel = /^metadata\.\w+\.plantedKey$/.test(places.at(-1)!);
      if (!isSaid && !isLabel) silent.push(`${file}: ${places.at(-1)}`);
    }
  }
  assert.ok(planted > 1_000, `${planted} keys were planted`);
  assert.deepEqual(silent, []);
});

test("nor is one listed twice", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const { playbooks } = await readExpected();
  const twice: string[] = [];
  for (const { file } of playbooks) {
    const read = readPlaybook(await readFile(join(upstream, file), "utf8"), file);
    if (!read.ok) continue;
    const places = read.notEnforced.map(({ where }) => where);
    for (const where of places.filter((place, at) => places.indexOf(place) !== at)) twice.push(`${file}: ${where}`);
  }
  assert.deepEqual(twice, []);
});

async function documentOf(file: string): Promise<Json> {
  const text = (await readFile(join(upstream, file), "utf8")).replace(/^\uFEFF/, "");
  if (!file.endsWith(".psd1")) return JSON.parse(text) as Json;
  const parsed = parsePsd1(text);
  assert.ok(parsed.ok, file);
  return parsed.value;
}

function objectsOf(value: Json, path: Place["path"]): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, item]: [string, Json]) =>
    objectsOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return Array.isArray(value) ? inner : [{ object: value as Record<string, Json>, path }, ...inner];
}

function textOf(path: Place["path"]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
}
