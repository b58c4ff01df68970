import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, readdir } from "node:fs/promises";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

/** Doctor looks, names the mend, and leaves everything as it is. */

type Report = {
  readonly healthy: boolean;
  readonly findings: readonly { readonly name: string; readonly state: string; readonly mend: string | null }[];
};

async function examine(cli: Cli): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await cli.run(["doctor", "--json"]);
  return { code, report: JSON.parse(stdout) as Report };
}

test("a sound set-up is found sound; nothing is started and nothing written", async () => {
  await using cli = await Cli.create();
  await chmod(cli.workspace.places.home, 0o700);
  const before = await readdir(cli.workspace.root, { recursive: true });
  const { code, report } = await examine(cli);
  assert.equal(code, 0, JSON.stringify(report));
  assert.equal(report.healthy, true);
  for (const name of ["Node", "home", "daemon", "disk space", "sh"])
    assert.ok(
      report.findings.some((finding) => finding.name === name),
      name,
    );
  assert.deepEqual(await readdir(cli.workspace.root, { recursive: true }), before);
  assert.equal(existsSync(cli.workspace.places.socket), false);
});

test("a home into which others may write is broken, and the mend is said", async (t) => {
  if (process.platform === "win32") return t.skip("skipped: modes are not Windows'");
  await using cli = await Cli.create();
  await chmod(cli.workspace.places.home, 0o777);
  const { code, report } = await examine(cli);
  assert.equal(code, 1);
  const home = report.findings.find(({ name }) => name === "home");
  assert.equal(home?.state, "bad");
  assert.match(home?.mend ?? "", /^chmod 700 /);
});
