import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeFile } from "node:fs/promises";
import { readPlaybook, writePlaybook } from "@aither/playbook";
import { createPlaybookValidator } from "@aither/playbook/validate";
import { playbookSchema } from "@aither/protocol/contracts";
import type { StagePlan } from "@aither/protocol";
import type { Preview } from "../../daemon/src/playbooks/face.ts";
import { createPlanner } from "../../daemon/src/playbooks/planner.ts";
import { Workspace } from "../rig/workspace.ts";
import { type Variant, variants } from "./lib/variants.ts";

/** What people may write and no test data of others has: it loads, means what it says, and converts to what means the same. */
describe("variants of playbooks", () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await Workspace.create();
    for (const name of ["0400_Tools", "0402_Unit", "0404_Lint", "0405_Syntax", "0407_Parse"]) {
      await workspace.write(`automation-scripts/${name}.sh`, "#!/bin/sh\nexit 0\n", 0o755);
    }
  });
  after(async () => workspace[Symbol.asyncDispose]());

  const isValid = createPlaybookValidator(playbookSchema);
  const planner = createPlanner({ userPlaybooks: "/nonexistent" });
  const planOf = async (text: string, file: string, profile: string | undefined): Promise<Preview> => {
    const path = join(workspace.folder, file);
    await writeFile(path, text);
    const request = { playbook: path, workspace: workspace.folder, env: {}, ...(profile !== undefined && { profile }) };
    const made = await planner.preview(request);
    assert.ok(made.ok, made.ok ? "" : made.problem.detail);
    return made.value;
  };

  for (const variant of variants) {
    test(`${variant.syntax}: ${variant.what}`, async () => {
      const { text, syntax, profile, means, listed = [] } = variant;
      const plan = await planOf(text, `it.${syntax}`, profile);
      assert.equal(plan.stages.map(shapeOf).join("; "), means);
      assert.deepEqual(
        plan.notEnforced.map(({ what }) => what).filter((what) => what !== "Dependencies"),
        listed,
      );
      assert.deepEqual(await sayings(variant), variant.says ?? []);
      const read = readPlaybook(text, `it.${syntax}`);
      assert.ok(read.ok);
      assert.deepEqual(isValid(JSON.parse(writePlaybook(read.playbook, "json"))), []);
      for (const other of ["yaml", "json"] as const) {
        const again = await planOf(writePlaybook(read.playbook, other), `it-again.${other}`, profile);
        assert.deepEqual(comparable(again), comparable(plan), other);
      }
    });
  }

  const sayings = async ({ text, syntax }: Variant): Promise<string[]> => {
    const { diagnostics } = await planner.validate({ text, file: `it.${syntax}`, workspace: workspace.folder });
    return diagnostics.map(({ line, col, code }) => `${line}:${col} ${code}`);
  };
});

function shapeOf({ id, decision, continueOnError, parallel, after: behind, needs, legs }: StagePlan): string {
  const runs = (legs ?? [])
    .map(({ scripts }) => scripts.map(({ number, name }) => number ?? name).join(" "))
    .join(" | ");
  const marks = [decision === "skip" ? "-" : "", id, continueOnError ? "~" : "", parallel > 1 ? `=${parallel}` : ""];
  const waits = [...needs, ...behind];
  return `${marks.join("")}: ${runs}${waits.length > 0 ? ` <${waits.join(",")}` : ""}`;
}

/** What must not change: everything but where it came from, its name, and what was reported about it. */
function comparable(plan: Preview) {
  const { format: _format, file: _file, digest: _digest, name: _name, ...rest } = plan;
  return { ...rest, notEnforced: [], obstacles: [] };
}
