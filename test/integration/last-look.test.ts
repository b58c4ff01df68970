/** What a start looks at of finished jobs: all that has changed since the last look, and no more. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
import { playbook } from "../rig/gated.ts";
import { waitFor } from "../rig/wait.ts";

test("a derived file that goes comes back at the next start; what has not changed is not looked at again", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(playbook("echo one"));
    await daemon.ended(jobId);
    const look = join(daemon.workspace.places.state, "look.json");
    const result = join(await daemon.workspace.jobFolder(jobId), "result.json");
    const began = (): number | null =>
      existsSync(look) ? (JSON.parse(readFileSync(look, "utf8")) as { beganMs: number | null }).beganMs : null;
    /** Starts it again, and waits until it has looked at all that it wants to look at. */
    const again = async (change: () => Promise<void>): Promise<void> => {
      await daemon.kill();
      await change();
      const last = began();
      await daemon.launch();
      await waitFor("a whole look", () => began() !== null && began() !== last);
    };
    await waitFor("the first look", () => began() !== null);
    await waitFor("the derived file", () => existsSync(result));
    await again(async () => unlink(result));
    assert.ok(existsSync(result), "it did not come back");

    // As if the last look had been after the change.
    await again(async () => {
      await unlink(result);
      const last = JSON.parse(readFileSync(look, "utf8")) as object;
      await writeFile(look, JSON.stringify({ ...last, beganMs: Date.now() + 60_000 }));
    });
    assert.ok(!existsSync(result), "it was looked at, although nothing had changed");
    await again(async () => unlink(look));
    assert.ok(existsSync(result), "without a last look all are looked at");
  });
});
