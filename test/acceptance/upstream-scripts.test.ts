import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlanner } from "../../daemon/src/playbooks/planner.ts";
import {
  catalogueWorkspace,
  hasUpstreamData,
  readCatalogues,
  readExpected,
  type UpstreamScript,
} from "./lib/upstream-data.ts";

test("36 selectors mean the same over three catalogues", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const catalogues = await readCatalogues();
  const { sequences } = await readExpected();
  const planner = createPlanner({ userPlaybooks: "/nonexistent" });
  let count = 0;
  for (const [name, expressions] of Object.entries(sequences)) {
    await using workspace = await catalogueWorkspace(catalogues[name]!);
    for (const { expression, recommended, missing, unknown } of expressions) {
      const selected = await planner.selectScripts(expression, workspace.path);
      assert.ok(selected.ok);
      const wanted = { scripts: recommended, missing, unknown };
      assert.deepEqual(selected.value, wanted, `${name}: ${expression}`);
      count += 1;
    }
  }
  assert.equal(count, 108);
});

test("script headers are read as a careful reader reads them", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const planner = createPlanner({ userPlaybooks: "/nonexistent" });
  for (const [name, scripts] of Object.entries(await readCatalogues())) {
    await using workspace = await catalogueWorkspace(scripts);
    const read = await planner.listScripts(workspace.path);
    assert.equal(read.length, scripts.length, name);
    for (const script of scripts) {
      const entry = read.find(({ path }) => path.endsWith(`/${script.file}`));
      assert.ok(entry, script.file);
      const { number, stage, dependencies, tags, description, parameters } = entry;
      assert.deepEqual(
        { number, stage, dependencies, tags, description, parameters },
        wantedHeader(script),
        script.file,
      );
    }
  }
});

function wantedHeader(script: UpstreamScript) {
  return {
    number: script.number,
    stage: script.stage ?? "",
    dependencies: script.dependencies,
    tags: script.tags,
    description: script.anyHeader?.["Description"] ?? script.synopsis ?? "",
    parameters: script.parameters.map(({ name, type, mandatory, validateSet }) => ({
      name,
      type: type.toLowerCase(),
      mandatory: mandatory ?? false,
      values: validateSet ?? [],
    })),
  };
}
