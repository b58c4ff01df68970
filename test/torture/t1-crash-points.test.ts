/**
 * T1: strace kills the daemon at the N-th of a kind of system call, or makes that call fail; the next daemon finishes.
 * Where strace follows all threads it follows scripts and wrappers, too: so only calls are chosen there that those do not
 * make. What they make as well (`write`, `openat`, `clone`) is counted in the daemon's own thread, where its journal is
 * written. `AITHER_TORTURE_POINTS=1000` visits every point.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";
import { Prng } from "../simulation/prng.ts";
import { violationsOf } from "./checkers/index.ts";
import { submit } from "./lib/clients.ts";
import { collect } from "./lib/collect.ts";
import { Diary } from "./lib/diary.ts";
import { unusable } from "./lib/faults.ts";
import { allProcesses, signal } from "./lib/machine.ts";
import { seedFor } from "./lib/seed.ts";
import { workload } from "./lib/workload.ts";

/** How many points this run visits; the long run asks for all of them. */
const pointCount = Number(process.env["AITHER_TORTURE_POINTS"] ?? 8);
const last = 14;

/** `threads`: those of the libuv pool, and all children; otherwise the daemon's own thread alone. */
type Point = {
  readonly call: string;
  readonly what: "kill" | "EIO";
  readonly when: number;
  readonly threads: boolean;
};

function points(): Point[] {
  const numbers = Array.from({ length: last }, (_, at) => at + 1);
  const row = (what: Point["what"], call: string): Point[] =>
    numbers.map((when) => ({ call, what, when, threads: true }));
  // A start alone makes hundreds of these: every fifth or so, to reach into the jobs.
  const own = (call: string, from: number, step: number): Point[] =>
    numbers.map((when) => ({ call, what: "kill", when: from + when * step, threads: false }));
  const anywhere = ["fdatasync", "fsync", "unlink", "symlink", "rename", "mkdir", "pwrite64", "ftruncate"];
  return [
    ...anywhere.flatMap((call) => row("kill", call)),
    ...["fdatasync", "fsync"].flatMap((call) => row("EIO", call)),
    ...own("write", 0, 7),
    ...own("openat", 40, 5),
    ...own("clone", 0, 1),
    ...own("clone3", 0, 1),
  ];
}

type Visit = { readonly ended: "killed" | number | "went on"; readonly violations: readonly unknown[] };

async function visit(point: Point, prng: Prng): Promise<Visit> {
  await using workspace = await Workspace.create();
  const ledger = workspace.path("ledger");
  writeFileSync(ledger, "");
  const shape = { jobs: 2, stages: 2, scriptsMax: 2, sleepMsMax: 60, cancelled: 0, idempotent: 0 };
  const specs = workload(prng, shape).map((spec) => ({ ...spec, copies: 1 }));
  const diary = new Diary(specs);
  const deed = point.what === "kill" ? "signal=SIGKILL" : "error=EIO";
  const inject = `inject=${point.call}:${deed}:when=${point.when}`;
  // The daemon is strace's child, so that strace's end says how the daemon ended.
  const around = [
    "strace",
    ...(point.threads ? ["-f"] : []),
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    `trace=${point.call}`,
    "-e",
    inject,
  ];
  const tortured = await Daemon.prepare({ workspace, around });
  const child = await tortured.spawn();
  let ended: Visit["ended"] = "went on";
  child.once("exit", (code, by) => (ended = by === null ? (code ?? 0) : "killed"));
  const clients = { daemon: tortured, diary, env: { LEDGER: ledger } };
  const sent = Promise.all(specs.map(async (spec) => submit(clients, spec)));
  const over = async (): Promise<boolean> => {
    const seen = await Promise.all(diary.jobIds.map(async (jobId) => tortured.job(jobId).catch(() => null)));
    return seen.length === specs.length && seen.every((job) => job !== null && job.endedAt !== null);
  };
  await waitFor("the point, or the end of all jobs", async () => ended !== "went on" || (await over()), 60_000);
  // strace lets go of the scripts that it still follows when it goes.
  await waitFor("the daemon to be gone", () => ended !== "went on" || stop(tortured, child.pid));
  await using daemon = await Daemon.start({ workspace });
  await sent;
  for (const jobId of diary.jobIds) {
    await waitFor(`the end of ${jobId}`, async () => (await daemon.job(jobId)).endedAt !== null, 60_000);
  }
  const nothing = { changedByRecovery: [], changedByListing: [] };
  return { ended, violations: violationsOf(collect(workspace.places.state, ledger, diary, nothing)) };
}

/** Ends the daemon below strace in good order; true once it is asked. */
function stop(tortured: Daemon, stracePid: number | undefined): boolean {
  const below = allProcesses().find(({ parentPid }) => parentPid === stracePid);
  if (below !== undefined) signal(below.pid, "SIGTERM");
  return below === undefined && tortured.endedWith !== null;
}

test("crash points: wherever it is killed or its disk fails, the next daemon finishes", async (t) => {
  const why = unusable();
  if (why !== undefined) {
    t.skip(`skipped: strace cannot be used: ${why}`);
    return;
  }
  const prng = new Prng(seedFor("t1"));
  const counts: Record<string, number> = {};
  for (const point of prng.draw(points(), pointCount)) {
    const { ended, violations } = await visit(point, prng.fork());
    const name = `${point.what} at ${point.call} ${point.when}${point.threads ? "" : ", own thread"}`;
    assert.deepEqual(violations, [], name);
    // A disk that fails is said with 74; to go on is right where a file is only derived.
    if (point.what === "EIO") assert.ok([74, 0, "went on"].includes(ended), `${name}: ${ended}`);
    counts[`${point.what}: ${ended}`] = (counts[`${point.what}: ${ended}`] ?? 0) + 1;
  }
  t.diagnostic(JSON.stringify(counts));
});
