import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail, PlanView, ScriptView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** What scripts say in their headers, and how variables reach them. `pwsh` is a stand-in that shows what it was given. */
describe("headers and parameters of scripts", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    const shows = '#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done; echo\nenv | grep ^AITHER_VAR_ | sort\n';
    await cli.workspace.write("bin/pwsh", shows, 0o755);
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const env = () => ({ PATH: `${join(cli.workspace.folder, "bin")}:${process.env["PATH"]}` });
  const script = async (file: string, ...lines: string[]) =>
    cli.workspace.write(`automation-scripts/${file}`, ["#!/bin/sh", ...lines, ""].join("\n"), 0o755);
  const scripts = async (): Promise<ScriptView[]> =>
    (await cli.json<JobDetail>("jobs", "status", "latest")).stages.flatMap(({ legs }) =>
      legs.flatMap((leg) => leg.scripts),
    );

  test("variables reach a .ps1 as its parameters, and as environment; switches, booleans, lists and texts", async () => {
    await cli.workspace.write(
      "automation-scripts/0401_Takes.ps1",
      `# Stage: Testing
param(
    [Parameter(Mandatory = $true)][string]$Path,
    [ValidateSet('Fast', 'Full')][string]$Mode = 'Fast',
    [switch]$Force,
    [switch]$Quiet,
    [bool]$Deep,
    [string[]]$Tags,
    [int]$Workers
)
`,
    );
    await cli.playbook("takes", {
      one: {
        variables: { path: "a b", force: true, quiet: false, deep: false, tags: ["x", "y"], workers: 0, other: "v" },
        steps: [{ run: "0401", with: { MODE: "full" } }],
      },
    });
    const { code, stderr } = await cli.run(["orch", "takes"], { env: env() });
    assert.equal(code, 0, stderr);
    const { stdout } = await cli.run(["logs", "latest"]);
    const [given = "", ...variables] = stdout.trim().split("\n");
    assert.match(given, /<-File><[^>]*0401_Takes\.ps1>/);
    const own = given.slice(given.indexOf(".ps1>") + 5);
    assert.equal(own, "<-Path><a b><-Mode><full><-Force><-Deep:$false><-Tags><x,y><-Workers><0>");
    assert.deepEqual(variables, [
      "AITHER_VAR_DEEP=false",
      "AITHER_VAR_FORCE=true",
      "AITHER_VAR_MODE=full",
      "AITHER_VAR_OTHER=v",
      "AITHER_VAR_PATH=a b",
      "AITHER_VAR_QUIET=false",
      "AITHER_VAR_TAGS=x,y",
      "AITHER_VAR_WORKERS=0",
    ]);
    const missing = await cli.run(["run", "0401"], { env: env() });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /0401_Takes demands the parameter Path/);
    const wrong = await cli.run(["run", "0401", "--var", "Path=x", "--var", "Mode=slow"], { env: env() });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /takes no `slow` as Mode.*Fast, Full/s);
  });

  test("Condition: a script whose header does not fit this machine or these variables is skipped, and says why", async () => {
    const here = { linux: "IsLinux", darwin: "IsMacOS", win32: "IsWindows" }[process.platform as "linux"];
    await script("0001_Here.sh", `# Condition: ${here} -eq $true`);
    await script("0002_Elsewhere.sh", `# Condition: ${here} -eq $false`);
    await script("0003_Feature.sh", "# Condition: Features -contains 'Docker'");
    await cli.playbook("fits", { one: { steps: [{ run: "0001-0003" }] } });
    assert.equal((await cli.run(["orch", "fits", "--var", 'Features=["Git"]'])).code, 0);
    assert.deepEqual(
      (await scripts()).map(({ status }) => status),
      ["Completed", "Skipped", "Skipped"],
    );
    assert.match((await scripts())[1]!.reason, /its header wants `Is\w+ -eq \$false`, which does not hold/);
    assert.equal((await cli.run(["orch", "fits", "--var", 'Features=["Docker"]'])).code, 0);
    assert.equal((await scripts())[2]?.status, "Completed");
    // Nobody says what the features are: it runs, and that is said.
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "fits");
    assert.match(
      notEnforced.map(({ where, reason }) => `${where}: ${reason}`).join(),
      /0003_Feature: nobody can decide/,
    );
    assert.equal((await cli.run(["orch", "fits", "--assume", "false"])).code, 0);
    assert.equal((await scripts())[2]?.status, "Skipped");
  });

  test("AllowParallel and Dependencies hold where scripts run side by side; a contradicted order is said", async () => {
    const meets = 'n=$(ls "$HOME/in" | wc -l); [ "$n" -eq 0 ] || echo "beside $n" >> "$HOME/met"';
    await script(
      "0010_Base.sh",
      'mkdir -p "$HOME/in"; : > "$HOME/in/base"; sleep 0.3; rm "$HOME/in/base"; echo 0010 >> "$HOME/order"',
    );
    await script("0011_Alone.sh", "# AllowParallel: false", meets, 'echo 0011 >> "$HOME/order"');
    await script("0012_Needs.sh", "# Dependencies: 0010", meets, 'echo 0012 >> "$HOME/order"');
    for (const second of ["0011", "0012"]) {
      await cli.playbook(`side-${second}`, { one: { parallel: true, steps: [{ run: "0010" }, { run: second }] } });
      assert.equal((await cli.run(["orch", `side-${second}`])).code, 0);
    }
    assert.deepEqual((await cli.workspace.text("order")).trim().split("\n"), ["0010", "0011", "0010", "0012"]);
    await assert.rejects(cli.workspace.text("met"), "nothing ran beside it");
    await cli.playbook("contrary", { one: { steps: [{ run: "0012" }, { run: "0010" }] } });
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "contrary");
    assert.match(
      notEnforced[0]?.reason ?? "",
      /depends on 0010, which the playbook runs later; the written order holds/,
    );
  });
});
