import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Diagnostic, JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** Playbooks as PowerShell data, in shapes that PowerShell takes for one another, through the real daemon. */

describe("playbooks as PowerShell data", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    for (const number of ["0001", "0002", "0003"]) {
      const text = `#!/bin/sh\necho "${number} $AITHER_VAR_WHERE"\n`;
      await cli.workspace.write(`automation-scripts/${number}_Say.sh`, text, 0o755);
    }
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const psd1 = async (name: string, text: string): Promise<string> =>
    cli.workspace.write(`playbooks/deep/${name}.psd1`, text);
  /** What its scripts wrote, and how its stages ended. */
  const run = async (name: string, ...more: string[]): Promise<[stages: string, output: string]> => {
    const { code, stderr } = await cli.run(["orch", name, ...more]);
    assert.equal(code, 0, stderr);
    const { stages } = await cli.json<JobDetail>("jobs", "status", "latest");
    const { stdout } = await cli.run(["logs", "latest", "--raw"]);
    return [stages.map(({ id, status }) => `${id} ${status}`).join(", "), stdout];
  };

  test("one stage where a list is expected, with a script block, a comment in a selector and the file's own folder", async () => {
    await psd1(
      "lone",
      `@{
    Name = \u2018lone\u2019
    Variables = @{ Where = "$PSScriptRoot/data"; Count = 1 + 2 * 3 }
    Stages = @{
        Name      = 'Only'
        Condition = { $IsLinux -or $IsMacOS <# not there #> -and
            $Count -in 7, 8 # as written
        }
        Sequence  = '0001 # the first one',
                    '0002 # and the second'
    }
}
`,
    );
    const folder = join(cli.workspace.folder, "playbooks/deep");
    assert.deepEqual(await run("lone"), ["only Completed", `0001 ${folder}/data\n0002 ${folder}/data\n`]);
    assert.deepEqual(await run("lone", "--var", "Count=9"), ["only Skipped", ""]);
  });

  test("script blocks and conditions among the data are decided where they can be, in stages and entries", async () => {
    await psd1(
      "blocks",
      `@{
    Name = 'blocks'
    Variables = @{ Mode = 'Fast'; Tags = @('a', 'b'); Deep = $false }
    Sequence = @(
        @{ Name = 'in';    Script = '0001'; Condition = { $Mode -in 'fast', 'full' } }
        @{ Name = 'case';  Script = '0001'; Condition = { $Mode -ceq 'fast' } }
        @{ Name = 'xor';   Script = '0002'; Condition = { [bool]$Mode -xor $Deep } }
        @{ Name = 'list';  Script = '0002'; Condition = { $Tags.Count -eq 2 -and "\${Mode}er" -like 'f[a-c]st*' } }
        @{ Name = 'env';   Script = '0003'; Condition = $env:NOT_SET -eq 'x' }
        @{ Name = 'whole'; Script = '0003'; Condition = -not $env:NOT_SET -and $IsWindows }
        '0003'
    )
}
`,
    );
    assert.deepEqual(await run("blocks"), [
      "in Completed, case Skipped, xor Completed, list Completed, env Skipped, whole Skipped, s-0003 Completed",
      "0001 \n0002 \n0002 \n0003 \n",
    ]);
  });

  test("what nobody can decide forbids the start, at its place, until --assume says it", async () => {
    await psd1(
      "open",
      `@{
    Name = 'open'
    Sequence = @(
        @{ Script = '0001' }
        @{ Script    = '0002'
           Condition = { $Mode -replace 'a', 'b' -eq 'x' } }
    )
}
`,
    );
    const { code, stderr } = await cli.run(["orch", "open"]);
    assert.equal(code, 2);
    assert.match(stderr, /open\.psd1:6:24/);
    assert.match(stderr, /`\$Mode -replace 'a', 'b' -eq 'x'` cannot be evaluated here/);
    assert.match(stderr, /--assume true, or --assume false/);
    assert.deepEqual(await run("open", "--assume", "false"), ["s-0001 Completed, s-0002 Skipped", "0001 \n"]);
    assert.deepEqual(await run("open", "--assume", "true"), ["s-0001 Completed, s-0002 Completed", "0001 \n0002 \n"]);
  });

  test("what is wrong in an entry is said where it stands", async () => {
    await psd1(
      "wrong",
      "@{ Name = 'wrong'\n  Sequence = @(\n    '0001'\n    @{ Script = '9999' }\n    @{ Script = '0002 # x, 0003' }\n  )\n}\n",
    );
    const { stdout } = await cli.run(["playbooks", "validate", "wrong", "--json"]);
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    assert.deepEqual(
      diagnostics.map(({ code, line, col }) => [code, line, col]),
      [
        ["no-such-script", 4, 17],
        ["bad-selector", 5, 17],
        ["bad-selector", 5, 17],
      ],
    );
  });
});
