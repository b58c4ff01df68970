/** T6: power cuts. All processes die, what no sync covered is gone, the machine has another boot id; jobs go on by policy. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";
import { Prng } from "../simulation/prng.ts";
import { violationsOf } from "./checkers/index.ts";
import { follow, submit } from "./lib/clients.ts";
import { collect } from "./lib/collect.ts";
import { Diary } from "./lib/diary.ts";
import { claimsOf, marked, names, signal } from "./lib/machine.ts";
import { cutPower, listening } from "./lib/power.ts";
import { seedFor } from "./lib/seed.ts";
import { workload } from "./lib/workload.ts";
import { join } from "node:path";

const CUTS = 5;
/** A cut takes away logs and claims, which nobody promised to sync: their checkers have nothing to say here. */
const notPromised = new Set(["I2 every-script-runs", "I6 stages-in-order"]);

/** Every attempt that ran in this boot and had not ended by the journal. */
function victims(state: string): string[] {
  return names(join(state, "active")).flatMap((jobId) =>
    claimsOf(join(state, "active", jobId), jobId).map(({ marker }) => marker),
  );
}

test(`${CUTS} power cuts: what was told is still true, what ran is interrupted, and jobs go on`, async (t) => {
  const prng = new Prng(seedFor("t6"));
  await using workspace = await Workspace.create();
  const [ledger, boot, heard] = ["ledger", "boot", "synced"].map((name) => workspace.path(name)) as [
    string,
    string,
    string,
  ];
  for (const file of [ledger, heard]) writeFileSync(file, "");
  writeFileSync(boot, "boot-0\n");
  const specs = workload(prng.fork(), {
    jobs: 12,
    stages: 2,
    scriptsMax: 2,
    sleepMsMax: 900,
    cancelled: 0,
    idempotent: 0.7,
  });
  await using daemon = await Daemon.start({ workspace, patches: listening, env: { AITHER_TEST_BOOT_ID_FILE: boot } });
  const diary = new Diary(specs);
  const clients = { daemon, diary, env: { LEDGER: ledger } };
  const peace = new AbortController();
  const sent = (async () => {
    for (const spec of specs) {
      await submit(clients, spec);
      await delay(prng.int(0, 150));
    }
  })();
  const followers: Promise<void>[] = [];
  let dropped = 0;
  for (let cut = 1; cut <= CUTS; cut += 1) {
    await delay(prng.int(200, 1_500));
    for (const jobId of diary.jobIds.slice(followers.length)) followers.push(follow(clients, jobId, peace.signal));
    const { state } = workspace.places;
    const jobIds = new Set(names(join(state, "active")));
    await daemon.kill();
    for (const marker of victims(state)) diary.harm(marker, "reboot");
    // Nothing survives a power cut: wrappers neither, nor those that are only about to claim.
    await waitFor("the end of all processes", () => {
      const left = marked(jobIds);
      for (const { pid } of left) signal(pid, "SIGKILL");
      return left.length === 0;
    });
    for (const marker of victims(state)) diary.harm(marker, "reboot");
    const { bytes, names: gone } = cutPower(state, heard);
    dropped += bytes + gone;
    writeFileSync(boot, `boot-${cut}\n`);
    await daemon.launch();
  }
  await sent;
  for (const jobId of diary.jobIds) {
    const over = async (): Promise<boolean> => (await daemon.job(jobId)).endedAt !== null;
    await waitFor(`the end of ${jobId}`, over, 90_000);
  }
  peace.abort();
  await Promise.all(followers);
  const nothing = { changedByRecovery: [], changedByListing: [] };
  const history = collect(workspace.places.state, ledger, diary, nothing);
  t.diagnostic(
    `${dropped} bytes and names dropped, ${diary.harms.size} attempts interrupted, ${diary.published.length} events shown`,
  );
  assert.deepEqual(
    violationsOf(history).filter(({ checker }) => !notPromised.has(checker)),
    [],
  );
  assert.ok(dropped > 0 && diary.harms.size > 0);
});
