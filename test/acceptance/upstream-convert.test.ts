import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { readPlaybook, writePlaybook } from "@aither/playbook";
import { createPlaybookValidator } from "@aither/playbook/validate";
import type { Playbook } from "@aither/protocol";
import type { Preview } from "../../daemon/src/playbooks/face.ts";
import { createPlanner } from "../../daemon/src/playbooks/planner.ts";
import { catalogueWorkspace, hasUpstreamData, readCatalogues, readExpected, upstream } from "./lib/upstream-data.ts";

const schemaFile = fileURLToPath(new URL("../../schemas/playbook.json", import.meta.url));

test("what is converted to v3 plans the same as the original, and is valid by the published schema", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const validate = createPlaybookValidator(JSON.parse(await readFile(schemaFile, "utf8")) as object);
  const { playbooks } = await readExpected();
  const catalogues = await readCatalogues();
  await using workspace = await catalogueWorkspace(catalogues["2025-11-06"]!);
  const planner = createPlanner({ userPlaybooks: join(workspace.path, "none") });
  const planOf = async (text: string, file: string, profile?: string): Promise<Preview | string> => {
    const path = join(workspace.path, file);

    await writeFile(path, text);
    const made = await planner.preview({
      playbook: path,
      workspace: workspace.path,
      env: {},
      ...(profile && { profile }),
    });
    return made.ok ? made.value : made.problem.detail;
  };
  let count = 0;
  for (const { file, format } of playbooks) {
    if (format === "psd1-other") continue;
    const text = await readFile(join(upstream, file), "utf8");
    const read = readPlaybook(text, file);
    assert.ok(read.ok, file);
    for (const syntax of ["yaml", "json"] as const) {
      const converted = writePlaybook(read.playbook, syntax);
      for (const profile of [undefined, ...Object.keys(read.playbook.orchestration.profiles ?? {})]) {
        const original = await planOf(text, `original${/\.\w+$/.exec(file)![0]}`, profile);
        assert.deepEqual(
          comparable(await planOf(converted, `converted.${syntax}`, profile)),
          comparable(original),
          `${file} as ${syntax}, profile ${profile}`,
        );
      }
      // What no plan shows: what is demanded and asked for.
      const again = readPlaybook(converted, `converted.${syntax}`);
      assert.ok(again.ok);
      assert.deepEqual(asked(again.playbook), asked(read.playbook), file);
    }
    assert.deepEqual(validate(JSON.parse(writePlaybook(read.playbook, "json"))), [], file);
    count += 1;
  }
  assert.equal(count, 89);
});

function asked({ inputs, requirements, secrets, metadata }: Playbook): unknown {
  return JSON.parse(JSON.stringify({ inputs, requirements, secrets, metadata }));
}

/** What must not change: everything but where the text came from, and what was reported about it. */
function comparable(plan: Preview | string): unknown {
  if (typeof plan === "string") return plan;
  const {
    format: _format,
    file: _file,
    digest: _digest,
    notEnforced: _notEnforced,
    obstacles: _obstacles,
    ...rest
  } = plan;
  return rest;
}
