import assert from "node:assert/strict";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Explanation, JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** `--use-cache`: what did not change is not run again, and what changed is named. */

const BUILD = "build/compile";

describe("the cache", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    await cli.workspace.write("src/a.txt", "one");
    await cli.workspace.write("tool", '#!/bin/sh\nexec /bin/sh "$@"\n', 0o755);
    await playbook();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  /** Every run leaves a line where no cache looks. */
  const ran = async () => (await readFile(join(cli.workspace.root, "ledger"), "utf8").catch(() => "")).length;
  const compile = [
    'printf x >> "$HOME/ledger"',
    "mkdir -p out && cat src/*.txt > out/all.txt && chmod 750 out/all.txt",
    'echo "words=$(wc -w < out/all.txt)" >> "$AITHER_OUTPUT"',
    "echo compiled for $AITHER_VAR_TARGET",
  ].join("\n");
  const playbook = async (step: object = {}, more: object = {}) =>
    cli.workspace.write(
      "playbooks/made.json",
      JSON.stringify({
        metadata: { name: "made" },
        orchestration: {
          variables: { target: "linux" },
          jobs: {
            build: {
              steps: [
                {
                  id: "compile",
                  shell: "sh",
                  script: compile,
                  cache: { inputs: ["src/**"], outputs: ["out/**"], env: ["FLAVOUR"] },
                  ...step,
                },
                { id: "tell", shell: "sh", script: "echo told ${{ steps.compile.outputs.words }}" },
              ],
            },
          },
          ...more,
        },
      }),
    );
  const orch = async (...args: string[]) => {
    const ended = await cli.run(["orch", "made", "--use-cache", ...args]);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  };
  const because = async (subject = BUILD) =>
    (await cli.json<Explanation>("explain", "latest", subject)).because.join("\n");

  test("a hit restores log, outputs and files with their modes, runs nothing, and says where it comes from", async () => {
    await orch();
    assert.match(
      await because(),
      /not in the cache: nothing is stored of it[^]*its result is in the cache: entry [0-9a-f]{12}/,
    );
    await rm(join(cli.workspace.folder, "out"), { recursive: true });
    const again = await orch();
    assert.match(again.stdout + again.stderr, /✓ printf[^\n]* — cached, from job #1/);
    assert.equal(await ran(), 1);
    const made = join(cli.workspace.folder, "out/all.txt");
    assert.equal(await readFile(made, "utf8"), "one");
    assert.equal((await stat(made)).mode & 0o777, 0o750);
    const log = await cli.run(["logs", "2"]);
    assert.match(log.stdout, /compiled for linux/);
    assert.match(log.stdout, /told 1/);
    const job = await cli.json<JobDetail>("jobs", "status", "2");
    const [script] = job.stages[0]!.legs[0]!.scripts;
    assert.deepEqual([script!.status, script!.exitCode, script!.outputs["words"]], ["Completed", 0, "1"]);
    assert.deepEqual([script!.cache?.is, script!.cache?.from?.number], ["hit", 1]);
    assert.deepEqual(
      script!.attempts.map(({ pid }) => pid),
      [null],
      "no process ran",
    );
    assert.match(
      await because(),
      /cached: nothing changed since `build\/compile` ran in job #1 \(.*\); entry [0-9a-f]{12}/,
    );
    assert.match((await cli.run(["jobs", "status", "2"])).stdout, /✓ printf.* — cached, from job #1/);
  });

  const tools = async () => writeFile(join(cli.workspace.folder, "src/b.txt"), "two");
  const table: Record<string, { change: () => Promise<unknown>; args?: string[]; says: RegExp }> = {
    "a file's content": {
      change: async () => writeFile(join(cli.workspace.folder, "src/a.txt"), "uno"),
      says: /input src\/a\.txt changed, compared with job #1/,
    },
    "a new file": { change: tools, says: /input src\/b\.txt is new/ },
    "a file that is gone": {
      change: async () => rm(join(cli.workspace.folder, "src/a.txt")).then(tools),
      says: /input src\/a\.txt is gone; input src\/b\.txt is new/,
    },
    "a file that may be run now": {
      change: async () => chmod(join(cli.workspace.folder, "src/a.txt"), 0o755),
      says: /input src\/a\.txt changed/,
    },
    "a variable": { change: async () => undefined, args: ["--var", "target=mac"], says: /variable TARGET changed/ },
    "a variable more": { change: async () => undefined, args: ["--var", "colour=red"], says: /variable COLOUR is new/ },
    "a declared environment variable": {
      change: async () => undefined,
      args: ["--env", "FLAVOUR=mild"],
      says: /environment variable FLAVOUR changed/,
    },
    "the text of the script": { change: async () => playbook({ script: `${compile}\n:` }), says: /the script changed/ },
    "the shell": { change: async () => playbook({ shell: "bash" }), says: /its interpreter is \S*bash, was \S*sh/ },
    "the working directory": {
      change: async () => playbook({ workingDirectory: ".." }),
      says: /its working directory is .*, was \.\//,
    },
    "the key's text": {
      change: async () => playbook({ cache: { inputs: ["src/**"], outputs: ["out/**"], env: ["FLAVOUR"], key: "2" } }),
      says: /the text of its `cache\.key` changed/,
    },
    "what it makes": {
      change: async () => playbook({ cache: { inputs: ["src/**"], outputs: ["out/*"], env: ["FLAVOUR"] } }),
      says: /its `cache\.outputs` changed/,
    },
  };
  for (const [what, { change, args = [], says }] of Object.entries(table)) {
    test(`is missed, and says so, after a change of ${what}`, async () => {
      await orch();
      await change();
      await cli.run(["orch", "made", "--use-cache", ...args]);
      assert.match(await because(), says);
      assert.doesNotMatch(await because(), /cached:/);
    });
  }
});
