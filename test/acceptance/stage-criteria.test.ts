import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Diagnostic, JobDetail, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** When a stage counts as a success: criteria of its own. */

describe("success criteria of a stage", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    // Each script fails when its number is in the file `fails`.
    for (const number of ["0001", "0002", "0003"]) {
      const text = `#!/bin/sh\necho ${number} >> "$HOME/ledger"\n! grep -q ${number} "$HOME/fails"\n`;
      await cli.workspace.write(`automation-scripts/${number}_Check-It.sh`, text, 0o755);
    }
    await fails();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const fails = async (...numbers: string[]): Promise<void> =>
    writeFile(join(cli.workspace.root, "fails"), numbers.join("\n"));
  const ledger = async (): Promise<string[]> =>
    (await readFile(join(cli.workspace.root, "ledger"), "utf8")).trim().split("\n");
  const v3 = async (name: string, jobs: object, more: object = {}): Promise<void> => {
    const text = JSON.stringify({ metadata: { name }, orchestration: { ...more, jobs } });
    await cli.workspace.write(`playbooks/${name}.json`, text);
  };
  /** How it ended: the exit code, and what its stages say. */
  const outcome = async (name: string): Promise<[code: number | null, ...stages: string[]]> => {
    const { code } = await cli.run(["orch", name]);
    const { stages } = await cli.json<JobDetail>("jobs", "status", "latest");
    return [code, ...stages.map((stage) => `${stage.id} ${stage.status}${stage.reason && `: ${stage.reason}`}`)];
  };

  test("upstream's words in a stage: they decide what it counts as, and what comes after goes by that", async () => {
    const psd1 = async (name: string, criteria: string): Promise<void> => {
      const entries = ["0001", "0002"].map((number) => `@{ Script = '${number}'; ContinueOnError = $true }`).join("; ");
      await cli.workspace.write(
        `playbooks/${name}.psd1`,
        `@{ Name = '${name}'; Stages = @(
          @{ Name = 'Checks'; Sequence = @(${entries}); SuccessCriteria = @{ ${criteria} } }
          @{ Name = 'Next'; Sequence = @('0003') }
        ) }`,
      );
    };
    await psd1("minimum", "RequireAllSuccess = $false; MinimumSuccessCount = 1");
    await psd1("critical", "CriticalScripts = @('0002_Check-It.ps1')");
    await psd1("all", "RequireAllSuccess = $true");
    const enough = "1 of 2 succeeded, which is enough by the stage's success criteria";
    const missed = (why: string): [number, string, string] => [
      1,
      `checks Failed: ${why}`,
      "next Skipped: `Checks` failed, and this comes after it",
    ];
    const cases: [name: string, failing: string[], ended: unknown[]][] = [
      ["minimum", ["0001"], [0, `checks Completed: ${enough}`, "next Completed"]],
      ["minimum", ["0001", "0002"], missed("0 of 2 succeeded, and 1 must")],
      ["critical", ["0001"], [0, `checks Completed: ${enough}`, "next Completed"]],
      ["critical", ["0002"], missed("`0002_Check-It` failed, and it is critical")],
      ["all", ["0001"], missed("`0001_Check-It` failed, and all must succeed")],
      ["all", [], [0, "checks Completed", "next Completed"]],
    ];
    for (const [name, failing, ended] of cases) {
      await fails(...failing);
      assert.deepEqual(await outcome(name), ended, `${name} with ${failing.join(", ")} failing`);
    }
  });

  test("they change what it counts as, not what runs; what is allowed to fail stops nobody", async () => {
    await fails("0002");
    const steps = [{ run: "0001" }, { run: "0002" }, { run: "0003" }];
    await v3("stops", { work: { steps, successCriteria: { minimumSuccessCount: 2 } } });
    assert.deepEqual(await outcome("stops"), [1, "work Failed: 1 of 3 succeeded, and 2 must"]);
    assert.deepEqual(await ledger(), ["0001", "0002"]);
    await v3("goes-on", { work: { steps, successCriteria: { minimumSuccessCount: 2, allowedFailures: ["0002"] } } });
    assert.deepEqual(await outcome("goes-on"), [
      0,
      "work Completed: 2 of 3 succeeded, which is enough by the stage's success criteria",
    ]);
    assert.deepEqual(await ledger(), ["0001", "0002", "0001", "0002", "0003"]);
  });

  test("a matrix, known or made by the run: so many legs must succeed, and the conclusion says so", async () => {
    const leg = { failFast: false, steps: [{ shell: "sh", script: "test ${{ matrix.n }} != 3" }] };
    const find = {
      steps: [{ id: "find", shell: "sh", script: 'echo "cells=[1, 2, 3]" >> "$AITHER_OUTPUT"' }],
      outputs: { cells: "${{ steps.find.outputs.cells }}" },
    };
    const matrix = { n: "${{ fromJSON(needs.find.outputs.cells) }}" };
    await v3("cells", {
      find,
      known: { ...leg, matrix: { n: [1, 2, 3, 4] }, successCriteria: { minimumSuccessPercent: 75 } },
      made: { ...leg, needs: "find", matrix, successCriteria: { minimumSuccessPercent: 75 } },
      next: { needs: "known", steps: [{ run: "0001" }] },
    });
    assert.deepEqual(await outcome("cells"), [
      1,
      "find Completed",
      "known Completed: 3 of 4 succeeded, which is enough by the stage's success criteria",
      "made Failed: 2 of 3 succeeded, and 75 % must",
      "next Completed",
    ]);
    type Conclusion = { readonly jobs: Record<string, { readonly result: string }> };
    const { stdout } = await cli.run(["report", "latest", "--format", "json"]);
    const { jobs } = JSON.parse(stdout) as Conclusion;
    assert.deepEqual([jobs["known (3)"]?.result, jobs["made (3)"]?.result], ["success", "failure"]);
  });

  test("its hooks go by what it counts as; a hook that fails fails it all the same", async () => {
    const told = (word: string) => [{ shell: "sh", script: `echo ${word} >> "$HOME/ledger"` }];
    const hooks = { onSuccess: told("good"), onFailure: told("bad") };
    const steps = [{ run: "0001", continueOnError: true }, { run: "0002" }];
    await fails("0001");
    await v3("good", { work: { steps, hooks, successCriteria: { minimumSuccessCount: 1 } } });
    await v3("bad", { work: { steps, hooks, successCriteria: { requireAllSuccess: true } } });
    const before = { ...hooks, before: [{ shell: "sh", script: "exit 3" }] };
    await v3("hook", { work: { steps, hooks: before, successCriteria: { minimumSuccessCount: 0 } } });
    assert.equal((await outcome("good"))[0], 0);
    assert.equal((await outcome("bad"))[0], 1);
    assert.deepEqual(await ledger(), ["0001", "0002", "good", "0001", "0002", "bad"]);
    const [code, stage] = await outcome("hook");
    assert.equal(code, 1);
    assert.match(stage ?? "", /^work Failed: .*ended with exit code 3/);
  });

  test("a called playbook's own criteria decide what the call counts as; those of the call win", async () => {
    const jobs = {
      first: { steps: [{ run: "0001" }] },
      second: { steps: [{ run: "0002" }] },
    };
    await fails("0001");
    await v3("inner", jobs, { successCriteria: { minimumSuccessCount: 1 } });
    await v3("plain", { call: { uses: "playbook:inner" }, next: { needs: "call", steps: [{ run: "0003" }] } });
    const enough = "1 of 2 succeeded, which is enough by the stage's success criteria";
    const stages = ["call/first Failed: `0001_Check-It` ended with exit code 1", "call/second Completed"];
    assert.deepEqual(await outcome("plain"), [0, `call Completed: ${enough}`, ...stages, "next Completed"]);
    await v3("strict", { call: { uses: "playbook:inner", successCriteria: { critical: ["first"] } } });
    assert.deepEqual(await outcome("strict"), [
      1,
      "call Failed: `0001_Check-It` failed, and it is critical",
      ...stages,
    ]);
    const cells = { matrix: { n: ["0001", "0002"] }, failFast: false, uses: "playbook:one", with: { n: "{{n}}" } };
    await v3("one", { it: { steps: [{ run: "{{n}}" }] } }, { variables: { n: "" } });
    const called = { ...cells, with: { n: "${{ matrix.n }}" } };
    await v3("cells", { call: { ...called, successCriteria: { minimumSuccessCount: 1 } } });
    assert.deepEqual((await outcome("cells")).slice(0, 2), [0, `call Completed: ${enough}`]);
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "plain");
    assert.deepEqual(notEnforced, []);
  });

  test("what the job's criteria make of it: a critical stage that failed by its own fails the job", async () => {
    const work = {
      steps: [{ run: "0001", continueOnError: true }, { run: "0002" }],
      successCriteria: { requireAllSuccess: true },
      continueOnError: true,
    };
    await fails("0001");
    await v3("most", { work }, { successCriteria: { minimumSuccessCount: 1 } });
    assert.equal((await outcome("most"))[0], 0);
    const few = { ...work, successCriteria: { minimumSuccessCount: 3 } };
    await fails();
    await v3("critical", { work: few }, { successCriteria: { critical: ["work"] } });
    assert.deepEqual(await outcome("critical"), [1, "work Failed: 2 of 2 succeeded, and 3 must"]);
    const job = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.equal(job.reason, "`work` failed, and it is critical");
  });

  test("plans say them; numbers that only a script knows, and slips, are said with their places", async () => {
    const text = `@{
  Name = 'odd'
  Stages = @(
    @{ Name = 'A'; Sequence = @('0001'); SuccessCriteria = @{ MaxSyntaxErrors = 0 } }
    @{ Name = 'B'; Sequence = @('0001')
       SuccessCriteria = @{ MinimumSuccessCount = 2; CriticalScripts = @('0009') } }
  )
}
`;
    await cli.workspace.write("playbooks/odd.psd1", text);
    const plan = await cli.json<PlanView>("playbooks", "plan", "odd");
    assert.deepEqual(
      plan.notEnforced.map(({ where }) => where),
      ["Stages[0].SuccessCriteria.MaxSyntaxErrors"],
    );
    assert.deepEqual(
      plan.stages.map(({ successCriteria }) => successCriteria?.minimumCount),
      [undefined, 2],
    );
    const { stdout } = await cli.run(["playbooks", "plan", "odd"]);
    assert.match(stdout, /2\. B\n +a success when 2 succeed, and 0009 does not fail\n/);
    const { diagnostics } = await cli.json<{ diagnostics: Diagnostic[] }>("playbooks", "validate", "odd");
    assert.deepEqual(
      diagnostics.map(({ severity, code, line }) => [severity, code, line]),
      [
        ["warning", "unknown-name", 6],
        ["warning", "unmeetable", 6],
      ],
    );
  });
});
