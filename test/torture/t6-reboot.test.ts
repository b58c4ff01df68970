/**
 * T6: power cuts. Each is one step: all processes dead, every unsynced byte and name gone, another boot id. What was told
 * is looked up on what is left, before anybody has mended it; then the next boot goes on by policy, and at the end all
 * checkers look. `AITHER_TORTURE_SEEDS=20` plays twenty seeds.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
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
import type { Violation } from "./lib/history.ts";
import { claimsOf, marked, names, read, signal } from "./lib/machine.ts";
import { cutPower, hasUnsynced, listening, type Cut } from "./lib/power.ts";
import { seedFor } from "./lib/seed.ts";
import { workload } from "./lib/workload.ts";

const CUTS = 4;
const RIPE_MS = 10_000;
const SEEDS = process.env["AITHER_TORTURE_SEED"] === undefined ? Number(process.env["AITHER_TORTURE_SEEDS"] ?? 3) : 1;
/** A cut takes away logs and claims, which nobody promised to sync: their checkers have nothing to say here. */
const notPromised = new Set(["I2 every-script-runs", "I6 stages-in-order"]);
/** What holds at every moment, and not only when all is over. */
const alwaysTrue = new Set(["I1 acked-never-forgotten", "I2 at-most-one-start", "I5 journals-are-whole"]);

const nothing = { changedByRecovery: [], changedByListing: [] };

type Machine = {
  readonly daemon: Daemon;
  readonly diary: Diary;
  readonly ledger: string;
  /** The file that names the boot. */
  readonly boot: string;
  /** Where the daemon's own disk tells what it has synced. */
  readonly heard: string;
};

/** On a busy machine nothing may have been written yet; where all jobs are done nothing will be. */
async function ripe({ daemon, heard }: Machine): Promise<void> {
  const { state } = daemon.workspace.places;
  const isRipe = (): boolean => {
    try {
      return hasUnsynced(state, heard);
    } catch {
      // A job ended between two looks.
      return false;
    }
  };
  await waitFor("something that is not on disk", isRipe, RIPE_MS).catch(() => undefined);
}

/** One power cut: the machine is off when it returns, and its next boot has another name. */
async function powerCut({ daemon, diary, boot, heard }: Machine, name: string, prng: Prng): Promise<Cut> {
  const { state } = daemon.workspace.places;
  const jobIds = new Set(names(join(state, "active")));
  await daemon.kill();
  harmAll(state, diary);
  // Nothing survives a power cut: wrappers neither, nor those that are only about to claim.
  await waitFor("the end of all processes", () => {
    const left = marked(jobIds);
    for (const { pid } of left) signal(pid, "SIGKILL");
    return left.length === 0;
  });
  harmAll(state, diary);
  const cut = cutPower(state, heard, prng);
  writeFileSync(boot, `${name}\n`);
  return cut;
}

/** Whoever ran in this boot is harmed by its end, and who was scheduled and had no time to say that it ran. */
function harmAll(state: string, diary: Diary): void {
  for (const jobId of names(join(state, "active"))) {
    const folder = join(state, "active", jobId);
    for (const { marker } of claimsOf(folder, jobId)) diary.harm(marker, "reboot");
    for (const [, script = "", attempt = ""] of (read(join(folder, "events.ndjson")) ?? "").matchAll(scheduled)) {
      diary.harm(`${jobId}/${script.replace("/", "~")}.${attempt}`, "reboot");
    }
  }
}

const scheduled = /"type":"ScriptScheduled","script":"([^"]+)","attempt":(\d+)/g;

/** What the disk alone says right after the cut. */
function untrue({ daemon, diary, ledger }: Machine): Violation[] {
  const history = collect(daemon.workspace.places.state, ledger, diary, nothing);
  return violationsOf(history).filter(({ checker }) => alwaysTrue.has(checker));
}

for (let run = 1; run <= SEEDS; run += 1) {
  test(`${CUTS} power cuts, seed ${run} of ${SEEDS}: what was told is still true, what ran is interrupted, and jobs go on`, async (t) => {
    const prng = new Prng(seedFor("t6"));
    await using workspace = await Workspace.create();
    const file = (name: string, text = ""): string => {
      writeFileSync(workspace.path(name), text);
      return workspace.path(name);
    };
    const [ledger, boot, heard] = [file("ledger"), file("boot", "boot-0\n"), file("synced")];
    const shape = { jobs: 12, stages: 2, scriptsMax: 2, sleepMsMax: 900, cancelled: 0, idempotent: 0.7 };
    const specs = workload(prng.fork(), shape);
    const forCuts = prng.fork();
    await using daemon = await Daemon.start({
      workspace,
      patches: listening,
      env: { AITHER_TEST_BOOT_ID_FILE: boot, AITHER_TEST_SYNC_MS: "25" },
    });
    const diary = new Diary(specs);
    const machine = { daemon, diary, ledger, boot, heard };
    const clients = { daemon, diary, env: { LEDGER: ledger } };
    const peace = new AbortController();
    const sent = (async () => {
      for (const spec of specs) {
        await submit(clients, spec);
        await delay(prng.int(0, 150));
      }
    })();
    const followers: Promise<void>[] = [];
    const cuts: Cut[] = [];
    for (let at = 1; at <= CUTS; at += 1) {
      await delay(forCuts.int(200, 1_500));
      for (const jobId of diary.jobIds.slice(followers.length)) followers.push(follow(clients, jobId, peace.signal));
      await ripe(machine);
      cuts.push(await powerCut(machine, `boot-${at}`, forCuts));
      assert.deepEqual(untrue(machine), [], `after cut ${at}, on the disk as it was left`);
      await daemon.launch();
    }
    await sent;
    for (const jobId of diary.jobIds) {
      const over = async (): Promise<boolean> => (await daemon.job(jobId)).endedAt !== null;
      await waitFor(`the end of ${jobId}`, over, 90_000);
    }
    peace.abort();
    await Promise.all(followers);
    const violations = violationsOf(collect(workspace.places.state, ledger, diary, nothing));
    const [bytes, gone, torn] = (["bytes", "names", "torn"] as const).map((what) =>
      cuts.reduce((sum, cut) => sum + cut[what], 0),
    );
    t.diagnostic(
      `${bytes} bytes and ${gone} names dropped, ${torn} journals torn, ${diary.harms.size} attempts interrupted, ${diary.published.length} events shown`,
    );
    assert.deepEqual(
      violations.filter(({ checker }) => !notPromised.has(checker)),
      [],
    );
    assert.ok((bytes ?? 0) > 0 && (gone ?? 0) > 0 && diary.harms.size > 0 && diary.published.length > 0);
  });
}
