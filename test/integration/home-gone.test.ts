import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
import { playbook } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

type Held = { readonly daemon: Daemon; readonly home: string; readonly log: () => Promise<string> };

/** A home with a script under way, which says outside of it that it lives and that it came to its end. */
async function takingAway(take: (held: Held) => Promise<string>, after?: (held: Held) => Promise<void>): Promise<void> {
  await using workspace = await Workspace.create();
  const [gate, said] = [workspace.path("gate"), workspace.path("said")];
  await using daemon = await Daemon.start({ workspace });
  const text = `echo $$ > '${said}'\nwhile [ ! -e '${gate}' ]; do sleep 0.02; done\necho end >> '${said}'`;
  await daemon.startJob(playbook(text));
  await waitFor("the script", () => existsSync(said));
  const pid = Number(await readFile(said, "utf8"));
  const { home } = workspace.places;
  let log = join(home, "daemon.log");
  const held: Held = { daemon, home, log: async () => readFile(log, "utf8") };
  // A file that was removed can still be read by whoever has it open.
  const { open } = await import("node:fs/promises");
  await using handle = await open(log, "r");
  log = `/proc/self/fd/${handle.fd}`;
  const what = await take(held);
  assert.equal(await daemon.exitCode(), 74);
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.includes("exit 74"));
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.ok(lines[0]?.includes(what), lines[0]);
  assert.ok(isAlive(pid), "the script runs on");
  await writeFile(gate, "");
  await waitFor("its end", async () => (await readFile(said, "utf8")).endsWith("end\n"));
  await after?.(held);
}

test("a home that is removed ends its daemon within seconds, and no script", async () => {
  await takingAway(async ({ home }) => {
    await rm(home, { recursive: true });
    return `the home ${home} is gone`;
  });
});

test("a home that is moved away ends its daemon, which does not follow it; put back, it goes on", async () => {
  await takingAway(
    async ({ home }) => {
      await rename(home, `${home}-elsewhere`);
      return `the home ${home} is gone`;
    },
    async ({ home, daemon }) => {
      await rename(`${home}-elsewhere`, home);
      await daemon.launch();
      const { body } = await daemon.ask("GET", "/api/jobs");
      const [job] = (body as { jobs: { jobId: string }[] }).jobs;
      const { status } = await daemon.ended(job?.jobId ?? "");
      // Its record was written into the folder that was back in time, or it was gone by then: never a guess.
      assert.ok(status === "Completed" || status === "Failed", status);
    },
  );
});

test("a lock that somebody replaced ends the daemon: another one may hold the new one", async () => {
  await takingAway(async ({ daemon: { workspace } }) => {
    const { lock } = workspace.places;
    await writeFile(`${lock}-new`, "");
    await unlink(lock);
    await rename(`${lock}-new`, lock);
    return `another file stands in the place of its lock, ${lock}`;
  });
});

test("a state folder that is removed ends it, too", async () => {
  await takingAway(async ({ daemon: { workspace } }) => {
    await rm(workspace.places.state, { recursive: true });
    return `its state folder ${workspace.places.state} is gone`;
  });
});
