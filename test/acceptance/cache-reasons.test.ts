import assert from "node:assert/strict";
import { test } from "node:test";
import type { Explanation } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** What never comes from the cache says why, each time, also by a daemon that did not see it. */

test("a result that was not kept is the reason of the next miss, over a restart, until one is kept", async () => {
  await using cli = await Cli.create();
  const step = (id: string, script: string, more: object = {}) => ({ id, shell: "sh", script, cache: true, ...more });
  const playbook = async () =>
    cli.playbook("kept", {
      s: {
        steps: [
          step("hands", 'echo "A=1" >> "$AITHER_ENV"'),
          step("breaks", 'test -e "$HOME/mended"', { continueOnError: true }),
          step("nothing", "true", { cache: { outputs: ["none/**"] } }),
          step("asks", "true", { stdin: true }),
          { id: "plain", shell: "sh", script: "true" },
        ],
      },
    });
  await playbook();
  const run = async (): Promise<void> => assert.equal((await cli.run(["orch", "kept", "--use-cache", "-q"])).code, 0);
  const because = async (id: string): Promise<string> =>
    (await cli.json<Explanation>("explain", "latest", `s/${id}`)).because.join("\n");

  const why = {
    hands: "it wrote to `AITHER_ENV` or `AITHER_PATH`, and later scripts would miss what it handed them",
    breaks: "it failed",
    nothing: "nothing matches none/**, which it should make",
  };
  await run();
  for (const [id, reason] of Object.entries(why)) {
    const told = await because(id);
    assert.ok(told.includes("not in the cache: nothing is stored of it\n"), told);
    assert.ok(told.endsWith(`its result is not kept: ${reason}`), told);
  }
  await run();
  await cli.run(["daemon", "stop"]);
  await run();
  for (const [id, reason] of Object.entries(why)) {
    const told = await because(id);
    assert.ok(told.includes(`not in the cache: its result of job #2 was not kept: ${reason}\n`), told);
    assert.ok(told.endsWith(`its result is not kept: ${reason}`), told);
  }
  assert.match(await because("asks"), /the step reads what people tell it \(`stdin`\), so it always runs/);
  assert.match(await because("plain"), /the step declares no `cache`, so it always runs/);

  await cli.workspace.write("../mended", "");
  await run();
  assert.match(await because("breaks"), /of job #3 was not kept: it failed\nits result is in the cache/);
  await run();
  assert.match(await because("breaks"), /cached: nothing changed since `s\/breaks` ran in job #4/);
});
