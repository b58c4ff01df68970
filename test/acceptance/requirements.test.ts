import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JobSummary, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** What a playbook demands is looked at before anything starts. */

describe("requirements", () => {
  let cli: Cli;
  before(async () => {
    cli = await Cli.create();
    await cli.workspace.write("automation-scripts/0001_Is-There.sh", "#!/bin/sh\n", 0o755);
    await cli.workspace.write("tools/tool", "#!/bin/sh\necho tool version 2.10.3\n", 0o755);
  });
  after(async () => cli[Symbol.asyncDispose]());

  /** "" when it started and completed; else what was said. */
  const refusal = async (requirements: object): Promise<string> => {
    const steps = [{ shell: "sh", script: ":" }];
    const text = { metadata: { name: "demands" }, requirements, orchestration: { jobs: { one: { steps } } } };
    await cli.workspace.write("playbooks/demands.json", JSON.stringify(text));
    const env = { PATH: `${join(cli.workspace.folder, "tools")}:${process.env["PATH"]}`, SET: "yes" };
    const { code, stderr } = await cli.run(["orch", "demands"], { env });
    assert.ok(code === 0 || code === 2, `${code}: ${stderr}`);
    return code === 0 ? "" : stderr;
  };

  test("programs, with versions where they matter", async () => {
    assert.equal(await refusal({ requiredTools: ["sh", "tool", "tool>=2.9", "tool >= 2.10.3"] }), "");
    assert.match(await refusal({ commands: ["no-such-tool"] }), /`no-such-tool` is not on PATH/);
    assert.match(await refusal({ tools: ["tool>=2.11"] }), /`tool` is version 2\.10\.3, and 2\.11 is needed/);
  });

  test("programs as maps, one or many, by name or named; what cannot be enforced of one is listed", async () => {
    const old = async (requirements: string): Promise<string> => {
      await cli.workspace.write(
        "playbooks/maps.psd1",
        `@{ Name = 'maps'; Sequence = @('0001'); Requirements = @{ ${requirements} } }`,
      );
      const env = { PATH: `${join(cli.workspace.folder, "tools")}:${process.env["PATH"]}`, SET: "yes" };
      const { code, stderr } = await cli.run(["orch", "maps"], { env });
      assert.ok(code === 0 || code === 2, `${code}: ${stderr}`);
      return code === 0 ? "" : stderr;
    };
    assert.equal(await old("Tools = @(@{ Name = 'tool'; Version = '2.9' }, @{ Name = 'sh' })"), "");
    assert.match(await old("Tools = @(@{ Name = 'no-such-tool' })"), /`no-such-tool` is not on PATH/);
    assert.match(await old("Tools = @{ Name = 'no-such-tool' }"), /`no-such-tool` is not on PATH/);
    assert.match(await old("Tools = @{ tool = '2.11+' }"), /`tool` is version 2\.10\.3, and 2\.11 is needed/);
    assert.match(await old("Commands = @('sh'); Tools = @('no-such-tool')"), /`no-such-tool` is not on PATH/);
    assert.match(await old("Environment = @(@{ Name = 'NOT_SET' }, 'SET')"), /variable NOT_SET is not set/);
    assert.match(await old("Environment = @('SET'); ApiKeys = @('NOT_SET')"), /variable NOT_SET is not set/);
    assert.match(await old("Scripts = @(@{ Number = '0999' })"), /there is no script 0999/);
    assert.match(await old("Tools = @('tool<3')"), /`tool<3` is no program; write it as/);
    assert.equal(
      await old("Tools = @(@{ Name = 'tool'; Version = '^2' }, @{ Name = 'x'; Required = $false }, @{ y = 1 })"),
      "",
    );
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "maps");
    assert.deepEqual(notEnforced.map(({ where }) => where).toSorted(), [
      "Requirements.Tools[0]",
      "Requirements.Tools[1]",
      "Requirements.Tools[2]",
    ]);
  });

  test("platforms, in upstream's words as well", async () => {
    const others = process.platform === "win32" ? ["Linux"] : ["Windows"];
    assert.match(await refusal({ platforms: others }), new RegExp(`runs on ${others[0]} only`));
    assert.equal(await refusal({ platforms: [...others, "CrossPlatform"] }), "");
    assert.equal(await refusal({ platform: "Cross-platform (Windows, Linux, macOS)" }), "");
  });

  test("environment, disk, memory, scripts", async () => {
    assert.equal(await refusal({ environment: ["SET"], diskSpace: "1MB", memory: "1MB", scripts: ["0001", "1"] }), "");
    assert.match(await refusal({ apiKeys: ["NOT_SET"] }), /variable NOT_SET is not set/);
    assert.match(await refusal({ requiredSpace: "8000TB" }), /needs 8000TB of disk, and [\d.]+ GB are free/);
    assert.match(await refusal({ requiredMemory: "8000TB" }), /needs 8000TB of memory/);
    assert.match(await refusal({ scripts: ["0001", "0999"] }), /there is no script 0999/);
  });

  test("an administrator", async (t) => {
    if (process.getuid?.() === 0) assert.equal(await refusal({ elevated: true, permissions: ["Administrator"] }), "");
    else {
      for (const one of [{ elevated: true }, { requiresAdmin: true }, { permissions: ["Administrator"] }]) {
        assert.match(await refusal(one), /rights of an administrator/);
      }
    }
    assert.equal(await refusal({ adminRequired: false, permissions: ["admin-recommended"] }), "");
    t.diagnostic(`as user ${process.getuid?.()}`);
  });

  test("a Git repository, and a clean one", async (t) => {
    assert.match(await refusal({ gitRepository: true }), /is in no Git repository/);
    try {
      execFileSync("git", ["init", "--quiet"], { cwd: cli.workspace.folder, env: cli.workspace.env });
    } catch {
      return t.skip("skipped: no git");
    }
    assert.equal(await refusal({ gitRepository: true }), "");
    assert.match(await refusal({ cleanWorkingTree: true }), /changes that are not committed/);
  });

  test("several are said at once, and nothing was started", async () => {
    const said = await refusal({ commands: ["no-such-tool"], environment: ["NOT_SET"] });
    assert.match(said, /no-such-tool.*NOT_SET/s);
    assert.match(said, /demands\.json/);
    const jobs = await cli.json<{ jobs: JobSummary[] }>("jobs", "list");
    assert.ok(jobs.jobs.every(({ status }) => status === "Completed"));
  });
});
