import assert from "node:assert/strict";
import { symlink, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** Each kind of script, run by what runs it; and what is said before the start where nothing does. */

describe("kinds of scripts", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const script = async (name: string, text: string, mode = 0o644): Promise<string> =>
    cli.workspace.write(`automation-scripts/${name}`, text, mode);
  const output = async (selector: string, env = {}): Promise<string> => {
    const { code, stderr } = await cli.run(["run", selector], { env });
    assert.equal(code, 0, stderr);
    return (await cli.run(["logs", "latest", "--raw"])).stdout;
  };
  const refused = async (selector: string, env = {}): Promise<string> => {
    const { code, stderr } = await cli.run(["run", selector], { env });
    assert.equal(code, 2, stderr);
    const jobs = await cli.json<{ jobs: readonly unknown[] }>("jobs", "list");
    assert.equal(jobs.jobs.length, 0, "nothing was started");
    return stderr;
  };

  test("a .ts runs with the workspace's tsx, or one on PATH; where there is none that is said before the start", async () => {
    await script(
      "0001_Typed.ts",
      'type Who = { readonly name: string };\nconst who: Who = { name: process.env["AITHER_VAR_WHO"] ?? "you" };\nconsole.log(`hello ${who.name}`);\n',
    );
    const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
    if (!stripsTypes) {
      const said = await refused("0001", { PATH: "/nonexistent" });
      assert.match(said, /tsx is missing: 0001_Typed/);
      assert.match(said, /npm install --save-dev tsx/);
    }
    // The one of this repository, as `npm install` links it.
    const tsx = fileURLToPath(new URL("../../node_modules/tsx", import.meta.url));
    await mkdir(join(cli.workspace.folder, "node_modules/.bin"), { recursive: true });
    await symlink(tsx, join(cli.workspace.folder, "node_modules/tsx"));
    await symlink("../tsx/dist/cli.mjs", join(cli.workspace.folder, "node_modules/.bin/tsx"));
    const { code, stderr } = await cli.run(["run", "0001", "--var", "who=world"]);
    assert.equal(code, 0, stderr);
    assert.equal((await cli.run(["logs", "latest", "--raw"])).stdout, "hello world\n");
    const { stages } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.equal(stages[0]?.legs[0]?.scripts[0]?.kind, "ts");
  });

  test("batch files and programs for Windows are refused elsewhere, by name; one with #! runs", async (t) => {
    if (process.platform === "win32") return t.skip("skipped: they run here");
    await script("0001_Batch.cmd", "@echo off\r\necho never\r\n");
    await script("0002_Batch.bat", "@echo off\r\necho never\r\n", 0o755);
    // Executable or not, it is none for this system.
    await script("0003_Tool.exe", "MZ\u0090\0\u0003\0\0\0", 0o755);
    await script("0004_Tool.exe", "MZ\u0090\0\u0003\0\0\0");
    for (const [selector, what, mend] of [
      ["0001", /cmd is missing: 0001_Batch/, /run this script on Windows, or begin it with #!/],
      ["0002", /cmd is missing: 0002_Batch/, /run this script on Windows, or begin it with #!/],
      ["0003", /Windows is missing: 0003_Tool/, /run it on Windows/],
      ["0004", /Windows is missing: 0004_Tool/, /run it on Windows/],
    ] as const) {
      const said = await refused(selector);
      assert.match(said, what);
      assert.match(said, mend);
    }
    await script("0005_Both.cmd", "#!/bin/sh\necho as a script\n");
    await script("0006_Both.bat", "#!/usr/bin/env sh\necho as another\n", 0o755);
    await script("0007_Native.exe", "#!/bin/sh\necho native\n", 0o755);
    assert.equal(await output("0005"), "as a script\n");
    assert.equal(await output("0006"), "as another\n");
    assert.equal(await output("0007"), "native\n");
  });
});
