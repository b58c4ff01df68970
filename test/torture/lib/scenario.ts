/** One tortured life of a home: a workload, clients, victims; then peace, and the question whether all is well. */
import { setMaxListeners } from "node:events";
import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Prng } from "../../simulation/prng.ts";
import { violationsOf } from "../checkers/index.ts";
import { Daemon } from "../../rig/daemon.ts";
import type { Patch } from "../../rig/bundle.ts";
import { Chaos, type Victim } from "./chaos.ts";
import { cancelLater, follow, submit, type Clients } from "./clients.ts";
import { collect } from "./collect.ts";
import { Diary } from "./diary.ts";
import type { Violation } from "./history.ts";
import { PATIENCE_MS } from "./patience.ts";
import { disturbNothing } from "./stillness.ts";
import { scriptsOf, workload, type Shape } from "./workload.ts";

export type ScenarioOptions = {
  readonly seed: number;
  readonly shape: Partial<Shape>;
  readonly victims: readonly Victim[];
  readonly meanMs: number;
  readonly stopMsLong?: number;
  /** Killing goes on until so many daemons were killed, also when the jobs are done sooner. */
  readonly daemonKillsMin?: number;
  readonly patches?: readonly Patch[];
};

export type Result = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly scripts: number;
  readonly jobs: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly seconds: number;
};

const usual: Shape = { jobs: 25, stages: 3, scriptsMax: 3, sleepMsMax: 400, cancelled: 0, idempotent: 0.3 };

export async function torture(options: ScenarioOptions): Promise<Result> {
  const startedAt = performance.now();
  const prng = new Prng(options.seed);
  // Each strand draws from its own, so that the speed of one changes nothing in another.
  const [forWorkload, forChaos, forClients] = [prng.fork(), prng.fork(), prng.fork()];
  const specs = workload(forWorkload, { ...usual, ...options.shape });
  const daemon = await Daemon.start({ ...(options.patches && { patches: options.patches }) });
  const ledger = daemon.workspace.path("ledger");
  await writeFile(ledger, "");
  const diary = new Diary(specs);
  const clients: Clients = { daemon, diary, env: { LEDGER: ledger } };
  const { victims, meanMs, stopMsLong = 4_000 } = options;
  const progress = (): number => statSync(ledger).size;
  const chaos = new Chaos({ daemon, diary, prng: forChaos, victims, meanMs, stopMsLong, progress });
  const peace = new AbortController();
  // Every follower and each of its requests listens.
  setMaxListeners(0, peace.signal);
  try {
    let done = false;
    let hasFailed = false;
    const followers: Promise<void>[] = [];
    const sent = Promise.all(
      specs.map(async (spec, at) => {
        await delay(at * forClientsMs(forClients));
        await submit(clients, spec);
        const jobId = diary.jobs[at]?.acked[0];
        if (jobId !== undefined && at % 4 === 0) followers.push(follow(clients, jobId, peace.signal));
        await cancelLater(clients, spec);
        if (jobId !== undefined) await endOf(daemon, jobId);
      }),
    ).finally(() => (done = true));
    const enough = (): boolean => (diary.kills["daemon"] ?? 0) >= (options.daemonKillsMin ?? 0);
    // Whatever happens, nobody starts daemons any more once this is over.
    const both = await Promise.allSettled([
      sent.catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
      chaos.run(() => hasFailed || (done && enough())),
    ]);
    for (const one of both) if (one.status === "rejected") throw one.reason;
    const found = await disturbNothing(daemon, diary.jobIds);
    await Promise.race([Promise.all(followers), delay(5_000)]);
    const history = collect(daemon.workspace.places.state, ledger, diary, found);
    const violations = violationsOf(history);
    const scripts = specs.reduce((sum, spec) => sum + scriptsOf(spec).length, 0);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (violations.length > 0) process.stderr.write(`${daemon.story().slice(-30_000)}\n`);
    return { seed: options.seed, violations, scripts, jobs: specs.length, kills: diary.kills, seconds };
  } finally {
    peace.abort();
    await daemon[Symbol.asyncDispose]();
  }
}

/** Clients come one after another within the first moments. */
function forClientsMs(prng: Prng): number {
  return prng.int(0, 20);
}

/** Asks now and then, so that asking itself is no load. */
async function endOf(daemon: Daemon, jobId: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const job = await daemon.job(jobId).catch(() => null);
    if (job !== null && job.endedAt !== null) return;
    if (performance.now() > until) throw new Error(`job ${jobId} does not end\n${daemon.story().slice(-30_000)}`);
    await delay(200);
  }
}
