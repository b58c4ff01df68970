import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Diagnostic, JobDetail, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** When a job counts as a success: the playbook's own criteria. */

describe("success criteria", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    // Each script fails when its number is in the file `fails`.
    for (const number of ["0001", "0002", "0003", "0004"]) {
      const text = `#!/bin/sh\necho ${number} >> "$HOME/ledger"\n! grep -q ${number} "$HOME/fails"\n`;
      await cli.workspace.write(`automation-scripts/${number}_Check-It.sh`, text, 0o755);
    }
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const fails = async (...numbers: string[]): Promise<void> =>
    writeFile(join(cli.workspace.root, "fails"), numbers.join("\n"));
  const psd1 = async (name: string, criteria: string, stopOnError = "$false"): Promise<void> => {
    const entries = ["0001", "0002", "0003"].map((number) => `@{ Script = '${number}' }`).join("\n    ");
    const text = `@{
  Name = '${name}'
  Sequence = @(
    ${entries}
  )
  Options = @{ StopOnError = ${stopOnError} }
  SuccessCriteria = @{ ${criteria} }
}
`;
    await cli.workspace.write(`playbooks/${name}.psd1`, text);
  };
  const outcome = async (name: string): Promise<[number | null, string]> => {
    const { code } = await cli.run(["orch", name]);
    return [code, (await cli.json<JobDetail>("jobs", "status", "latest")).reason];
  };

  test("upstream's words: a minimum, what is critical, what may fail, all", async () => {
    await psd1("minimum", "RequireAllSuccess = $false; MinimumSuccessCount = 2");
    await psd1(
      "critical",
      "RequireAllSuccess = $false; MinimumSuccessCount = 1; CriticalScripts = @('0002_Check-It.ps1')",
    );
    await psd1("allowed", "RequireAllSuccess = $true; AllowedFailures = @('0003_Check-It.ps1')");
    await psd1("all", "RequireAllSuccess = $true; MinimumSuccessCount = 2");
    await psd1("rate", "MinimumSuccessRate = 0.6");
    await psd1("none", "RequireAllSuccess = $false; MinimumSuccessRate = 0");
    const cases: [name: string, failing: string[], code: number, reason: RegExp][] = [
      ["minimum", ["0001"], 0, /2 of 3 succeeded, which is enough/],
      ["minimum", ["0001", "0002"], 1, /1 of 3 succeeded, and 2 must/],
      ["minimum", [], 0, /^$/],
      ["critical", ["0001"], 0, /2 of 3 succeeded/],
      ["critical", ["0002"], 1, /`0002_Check-It` failed, and it is critical/],
      ["allowed", ["0003"], 0, /2 of 3 succeeded/],
      ["allowed", ["0001", "0003"], 1, /`0001_Check-It` failed, and all must succeed/],
      ["all", ["0001"], 1, /all must succeed/],
      ["rate", ["0001"], 0, /2 of 3 succeeded/],
      ["rate", ["0001", "0003"], 1, /1 of 3 succeeded, and 60 % must/],
      ["none", ["0001", "0002", "0003"], 0, /0 of 3 succeeded, which is enough/],
    ];
    for (const [name, failing, code, reason] of cases) {
      await fails(...failing);
      const [ended, why] = await outcome(name);
      assert.equal(ended, code, `${name} with ${failing.join(", ")} failing: ${why}`);
      assert.match(why, reason, name);
    }
  });

  test("what stops is not changed by criteria: with StopOnError the rest is skipped, and does not succeed", async () => {
    await psd1("stops", "RequireAllSuccess = $false; MinimumSuccessCount = 2", "$true");
    await fails("0002");
    assert.deepEqual(await outcome("stops"), [1, "1 of 3 succeeded, and 2 must"]);
    assert.deepEqual((await readFile(join(cli.workspace.root, "ledger"), "utf8")).trim().split("\n"), ["0001", "0002"]);
  });

  test("v3: stages and matrices; a critical script counts although its failure is tolerated", async () => {
    const orchestration = (successCriteria: object) => ({
      successCriteria,
      postActions: [{ shell: "sh", when: "success", script: 'echo good >> "$HOME/ledger"' }],
      hooks: { onFailure: [{ shell: "sh", script: 'echo bad >> "$HOME/ledger"' }] },
      jobs: {
        matrix: {
          failFast: false,
          matrix: { n: [1, 2, 3, 4] },
          steps: [{ shell: "sh", script: "test ${{ matrix.n }} != 3" }],
        },
        lint: { steps: [{ run: "0001", continueOnError: true }] },
      },
    });
    const write = async (name: string, criteria: object): Promise<void> => {
      const text = { metadata: { name }, orchestration: orchestration(criteria) };
      await cli.workspace.write(`playbooks/${name}.json`, JSON.stringify(text));
    };
    await fails("0001");
    await write("most", { minimumSuccessPercent: 60 });
    assert.deepEqual(await outcome("most"), [
      0,
      "3 of 5 succeeded, which is enough by the playbook's success criteria",
    ]);
    await write("lint", { minimumSuccessPercent: 60, critical: ["lint"] });
    assert.deepEqual(await outcome("lint"), [1, "`0001_Check-It` failed, and it is critical"]);
    // Post actions and hooks go by what the job counts as.
    assert.deepEqual((await readFile(join(cli.workspace.root, "ledger"), "utf8")).trim().split("\n"), [
      "0001",
      "good",
      "0001",
      "bad",
    ]);
  });

  test("plans say them; numbers that nobody can know and names that nobody has are said", async () => {
    await psd1("odd", "MinimumSuccessCount = 9; CriticalScripts = @('0099'); MaxSyntaxErrors = 0");
    const plan = await cli.json<PlanView>("playbooks", "plan", "odd");
    assert.equal(plan.successCriteria?.minimumCount, 9);
    assert.deepEqual(
      plan.notEnforced.map(({ what }) => what),
      ["MaxSyntaxErrors"],
    );
    const { diagnostics } = await cli.json<{ diagnostics: Diagnostic[] }>("playbooks", "validate", "odd");
    assert.deepEqual(
      diagnostics.map(({ severity, code }) => [severity, code]),
      [
        ["warning", "unknown-name"],
        ["warning", "unmeetable"],
      ],
    );
    const { stdout } = await cli.run(["playbooks", "plan", "odd"]);
    assert.match(stdout, /a success when 9 succeed, and 0099 does not fail/);
  });
});
