import assert from "node:assert/strict";
import { test } from "node:test";
import type { Playbook } from "@aither/protocol";
import { World } from "../testing/world.ts";
import { compile } from "./compile.ts";
import { indexScripts } from "./select.ts";
import { resolveRun } from "./template.ts";

function planned(orchestration: Playbook["orchestration"]) {
  const compiled = compile({
    playbook: { metadata: { name: "x" }, orchestration },
    format: "v3-jobs",
    file: null,
    digest: "",
    workspace: "/w",
    scripts: indexScripts([]),
    request: { variables: {}, profile: null, assume: undefined, timeoutMs: null },
    around: { env: {}, platform: "linux" },
    resolveFile: () => null,
    folder: () => "/w",
  });
  assert.deepEqual(compiled.findings, []);
  return compiled.plan;
}

const make = { id: "make", shell: "sh", script: "true" };

test("an earlier script's output reaches text and environment just before the start", () => {
  const world = new World(
    planned({
      variables: { who: "me" },
      jobs: {
        a: {
          outputs: { v: "${{ steps.make.outputs.v }}" },
          steps: [
            make,
            {
              shell: "sh",
              script: "echo {{who}} ${{ steps.make.outputs.v }}",
              env: { V: "v${{ steps.make.outputs.v }}", O: "${{ steps.make.outcome }}" },
            },
          ],
        },
        b: {
          needs: "a",
          matrix: { os: ["l", "w"] },
          steps: [{ shell: "sh", script: "echo ${{ matrix.os }} ${{ needs.a.outputs.v }}" }],
        },
      },
    }),
  );
  world.exit("a/make", 0, { outputs: { v: "4 2" } });
  const second = resolveRun(world.state, "a/inline");
  assert.ok(second.ok);
  assert.equal(second.run.text, "echo me 4 2");
  assert.deepEqual([second.run.env["V"], second.run.env["O"], second.run.late], ["v4 2", "success", false]);
  world.exit("a/inline");
  const leg = resolveRun(world.state, "b[1]/inline");
  assert.equal(leg.ok && leg.run.text, "echo w 4 2");
});

test("what was known when planning is not touched again", () => {
  const plan = planned({
    variables: { x: "{{.Server}} stays" },
    jobs: { a: { steps: [{ ...make, script: "{{x}}" }] } },
  });
  const world = new World(plan);
  const run = plan.stages[0]?.legs?.[0]?.scripts[0]?.run;
  assert.equal(run?.text, "{{.Server}} stays");
  assert.deepEqual(resolveRun(world.state, "a/make"), { ok: true, run });
});

test("a template that cannot be filled in says which one and why", () => {
  const world = new World(
    planned({
      jobs: { a: { steps: [make, { shell: "sh", script: "x", env: { E: "${{ fromJSON(steps.make.outputs.v) }}" } }] } },
    }),
  );
  world.exit("a/make", 0, { outputs: { v: "{" } });
  const resolved = resolveRun(world.state, "a/inline");
  assert.match(resolved.ok ? "" : resolved.message, /^E: Error parsing fromJSON/);
});
