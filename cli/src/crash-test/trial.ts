/** One private daemon, killed again and again while it works. It touches no daemon and no job but its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, lockHolder, type Aither, type JobHandle } from "@aither/client/node";
import type { Event } from "@aither/protocol";
import { playbookText, readLedger, running, tasks, type LedgerLine } from "./workload.ts";
import type { Observed, Story } from "./verdict.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type TrialOptions = {
  /** An existing folder, on the disk that is to be tried; all happens in a new folder in it. */
  readonly folder: string;
  readonly env: Env;
  readonly kills: number;
  /** Told after each kill. */
  readonly onKill: (kill: { readonly count: number; readonly running: number; readonly alive: number }) => void;
  readonly signal: AbortSignal;
};

/** A daemon gets at least so long to live after it has answered: shorter lives would be a standstill, not a test. */
const LIFE_MS_MIN = 30;
const LIFE_MS_MAX = 600;
const JOB_PATIENCE_MS = 120_000;
const GONE_PATIENCE_MS = 5_000;
const POLL_MS = 20;
const STOP_PATIENCE_MS = 30_000;
/** So often nobody may be there before nobody is. */
const QUIET_LOOKS = 10;

export class Trial implements AsyncDisposable {
  readonly folder: string;
  readonly #options: TrialOptions;
  readonly #client: Aither;
  readonly #calm: Aither;
  readonly #tally = { kills: 0, running: 0, alive: 0 };
  /** What was under way when the user stopped it. */
  #lastWork: Promise<unknown> = Promise.resolve();

  constructor(options: TrialOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(options.folder, "crash-test-"));
    const workspace = join(this.folder, "workspace");
    mkdirSync(join(workspace, "playbooks"), { recursive: true });
    writeFileSync(join(workspace, "playbooks", "crash-test.json"), playbookText());
    writeFileSync(this.#ledgerPath, "");
    // Whatever names another daemon must not lead there.
    const env = { ...options.env, AITHER_HOST: undefined, AITHER_TOKEN: undefined, AITHER_HOME: undefined };
    const surroundings = { home: join(this.folder, "home"), cwd: workspace, env };
    this.#client = createClient(surroundings);
    this.#calm = createClient({ ...surroundings, autostart: false });
  }

  /** Job after job, until enough daemons were killed; then peace, and what became of it all. */
  async run(): Promise<Story> {
    const jobs: Observed[] = [];
    while (this.#tally.kills < this.#options.kills) {
      // oxlint-disable-next-line no-await-in-loop -- one after another: kills go on over all of them.
      jobs.push(await this.#oneJob());
    }
    await this.#stopDaemon();
    const ledger = this.#ledger();
    const pids = ledger.filter(({ what }) => what === "start").map(({ pid }) => pid);
    const { kills, running: seenRunning, alive: seenAlive } = this.#tally;
    return { jobs, ledger, kills, seenRunning, seenAlive, left: await stillThere(pids) };
  }

  /** Ends the daemon and its scripts, and removes the folder unless it is wanted as evidence. */
  async dispose({ keep }: { readonly keep: boolean }): Promise<void> {
    const jobs = await this.#calm.jobs().then(
      (page) => page.jobs,
      () => [],
    );
    for (const { jobId, endedAt } of jobs)
      if (endedAt === null)
        await this.#calm
          .job(jobId)
          .cancel({ force: true })
          .catch(() => undefined);
    await this.#stopDaemon();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose({ keep: false });
  }

  async #oneJob(): Promise<Observed> {
    const { signal } = this.#options;
    const handle = await this.#client.start("crash-test", { env: this.#jobEnv() });
    let over = false;
    const ended = handle.wait({ timeoutMs: JOB_PATIENCE_MS, signal }).finally(() => (over = true));
    const work = [ended, this.#follow(handle), this.#killUntil(() => over)] as const;
    // Who is stopped while it asks may still be starting a daemon: that comes to its end before anybody tidies up.
    const settle = (): void => void (this.#lastWork = Promise.allSettled(work));
    signal.addEventListener("abort", settle, { once: true });
    const [job, followed] = await Promise.all(work);
    const output = new Map<string, string>();
    for (const { id } of tasks) output.set(id, await textOf(handle, id));
    return { job, output, followed };
  }

  #jobEnv(): Record<string, string> {
    const kept = ["PATH", "HOME", "LANG", "TMPDIR"].flatMap((name) => {
      const value = this.#options.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return { ...Object.fromEntries(kept), CRASH_TEST_LEDGER: this.#ledgerPath };
  }

  async #follow(handle: JobHandle): Promise<Event[]> {
    const events: Event[] = [];
    for await (const event of handle.events({ follow: true, signal: this.#options.signal })) events.push(event);
    return events;
  }

  async #killUntil(isOver: () => boolean): Promise<void> {
    const { kills, onKill, signal } = this.#options;
    while (!isOver() && this.#tally.kills < kills) {
      const { pid } = await this.#client.daemon();
      await delay(LIFE_MS_MIN + Math.random() * (LIFE_MS_MAX - LIFE_MS_MIN), undefined, { signal });
      if (isOver()) return;
      const before = running(this.#ledger());
      process.kill(pid, "SIGKILL");
      const alive = before.filter((script) => isThere(script) || this.#hasEnded(script)).length;
      this.#tally.kills += 1;
      this.#tally.running += before.length;
      this.#tally.alive += alive;
      onKill({ count: this.#tally.kills, running: before.length, alive });
      await gone(pid);
    }
  }

  /** It may have come to its own end in that very moment. */
  #hasEnded(pid: number): boolean {
    return !running(this.#ledger()).includes(pid);
  }

  /** Also one that is just starting: it has the lock before it answers. */
  async #stopDaemon(): Promise<void> {
    await this.#lastWork;
    const lock = join(this.folder, "home", ".orchestration-jobs", "lock");
    const until = Date.now() + STOP_PATIENCE_MS;
    for (let quietLooks = 0; quietLooks < QUIET_LOOKS && Date.now() < until; quietLooks += 1) {
      const pid = await this.#calm.daemon().then(
        (daemon) => daemon.pid,
        () => null,
      );
      if (pid !== null) {
        await this.#calm.call("stopDaemon", {}).catch(() => undefined);
        await gone(pid);
      }
      if (pid !== null || lockHolder({ lock }).is === "held") quietLooks = 0;
      await delay(POLL_MS);
    }
  }

  #ledger(): LedgerLine[] {
    return readLedger(readFileSync(this.#ledgerPath, "utf8"));
  }

  get #ledgerPath(): string {
    return join(this.folder, "ledger");
  }
}

async function textOf(handle: JobHandle, script: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of handle.rawLogs({ script })) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  const until = Date.now() + GONE_PATIENCE_MS;
  while (isThere(pid) && Date.now() < until) await delay(POLL_MS);
}

async function stillThere(pids: readonly number[]): Promise<number> {
  const until = Date.now() + GONE_PATIENCE_MS;
  while (pids.some(isThere) && Date.now() < until) await delay(POLL_MS);
  return pids.filter(isThere).length;
}
