import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

const fileOf = (cli: Cli): string => join(cli.workspace.root, ".config", "aither", "config.json");

async function settingsOf(cli: Cli, text: string): Promise<void> {
  await mkdir(join(cli.workspace.root, ".config", "aither"), { recursive: true });
  await writeFile(fileOf(cli), text);
}

test("a setting is set, shown with its origin, and taken out; the rest of the file stays", async () => {
  await using cli = await Cli.create();
  await settingsOf(cli, '{\n    "pools": { "gpu": 1 },\n    "later": [1]\n}\n');
  const set = await cli.run(["config", "set", "keepDays", "30"]);
  assert.equal(set.code, 0);
  assert.match(set.stderr, /aither daemon restart/);
  const text = await readFile(fileOf(cli), "utf8");
  assert.deepEqual(JSON.parse(text), { pools: { gpu: 1 }, later: [1], keepDays: 30 });
  assert.match(text, /^\{\n {4}"pools"/);
  const { stdout } = await cli.run(["config", "get", "keepDays", "--show-origin"]);
  assert.equal(stdout, `30  (${fileOf(cli)})\n`);
  const env = { AITHER_KEEP_DAYS: "7" };
  assert.equal(
    (await cli.run(["config", "get", "keepDays", "--show-origin"], { env })).stdout,
    "7  (AITHER_KEEP_DAYS)\n",
  );
  assert.equal((await cli.run(["config", "set", "keepDays", "--unset"])).code, 0);
  assert.equal((await cli.run(["config", "get", "keepDays", "--show-origin"])).stdout, "none  (default)\n");
  assert.deepEqual(JSON.parse(await readFile(fileOf(cli), "utf8")), { pools: { gpu: 1 }, later: [1] });
});

test("flag, environment, workspace, user, default: in this order", async () => {
  await using cli = await Cli.create();
  const origin = async (env: Record<string, string> = {}): Promise<[unknown, unknown]> => {
    const { stdout } = await cli.run(["config", "get", "progress", "--json"], { env });
    const { value, origin: from } = JSON.parse(stdout) as { value: unknown; origin: unknown };
    return [value, from];
  };
  assert.deepEqual(await origin(), ["auto", "default"]);
  await cli.run(["config", "set", "progress", "quiet"]);
  assert.deepEqual(await origin(), ["quiet", "user"]);
  assert.equal((await cli.run(["config", "set", "progress", "json", "--workspace"])).code, 0);
  assert.deepEqual(await origin(), ["json", "workspace"]);
  assert.deepEqual(await origin({ AITHER_PROGRESS: "plain" }), ["plain", "environment"]);
  await cli.playbook("one", { only: { steps: [{ name: "step", shell: "sh", script: "echo hello" }] } });
  // The workspace's file says json, and this command obeys; its flag says otherwise, and it obeys that.
  assert.match((await cli.run(["orch", "one"])).stdout, /"type":"OrchestrationQueued"/);
  assert.doesNotMatch((await cli.run(["orch", "one", "--progress", "plain"])).stdout, /OrchestrationQueued/);
});

test("what is wrong is said with its place, and nothing is changed", async () => {
  await using cli = await Cli.create();
  const unknown = await cli.run(["config", "set", "keepday", "3"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /there is no setting "keepday"\n {2}did you mean keepDays\?/);
  const bad = await cli.run(["config", "set", "slots", "0"]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /slots must be a whole number from 1 to 10000, not 0/);
  const ours = await cli.run(["config", "set", "slots", "4", "--workspace"]);
  assert.equal(ours.code, 2);
  assert.match(ours.stderr, /serves every workspace/);
  await assert.rejects(readFile(fileOf(cli)), /ENOENT/);

  const text = '{\n  "slot": 4,\n  "slots": "many"\n}\n';
  await settingsOf(cli, text);
  for (const argv of [["config", "list"], ["config", "get", "slots"], ["status"]]) {
    const { code, stderr } = await cli.run(argv);
    assert.ok(stderr.includes(`${fileOf(cli)}:3:12: slots must be a whole number`), `${argv.join(" ")}: ${stderr}`);
    assert.ok(code === 2 || code === 3, `${argv.join(" ")} ended with ${code}`);
  }
  const doctor = await cli.run(["doctor"]);
  assert.match(doctor.stdout, /config\.json:3:12: slots must be/);
  assert.match(doctor.stdout, /config\.json:2:3: there is no setting `slot`\n +→ did you mean slots\?/);
  await settingsOf(cli, '{ "slots": 4,, }');
  const torn = await cli.run(["config", "list"]);
  assert.equal(torn.code, 2);
  assert.match(torn.stderr, /config\.json:1:14: /);
  assert.equal(await readFile(fileOf(cli), "utf8"), '{ "slots": 4,, }');
});

test("the daemon obeys the file and says what of it means nothing", async () => {
  await using cli = await Cli.create();
  await settingsOf(cli, '{ "slots": 1, "slotz": 2 }');
  await cli.playbook("two", {
    only: { parallel: true, steps: ["a", "b"].map((name) => ({ name, shell: "sh", script: "echo $$" })) },
  });
  assert.equal((await cli.run(["orch", "two"])).code, 0);
  const log = await readFile(cli.workspace.places.daemonLog, "utf8");
  assert.match(log, /"names":\["slotz"\],"msg":"the settings name what there is not"/);
});
