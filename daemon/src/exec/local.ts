/**
 * The executor of this machine: attempts as processes that outlive us (`@aither/supervise`).
 *
 *   ensure ─▶ queue ─▶ claim? ──none──▶ start ──▶ claimed ─▶ watched ─▶ exit record ─▶ exited
 *                        │                └──▶ unclaimed ─▶ fence ─▶ not-started
 *                        └─ there ─▶ ended | adopted | orphaned | lost          (after a restart: `survey.ts`)
 *
 * Nothing here is remembered on disk: claim, log and exit record say it all.
 */
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Observation } from "@aither/core";
import type { EnsureRequest, Executor, FreezeRequest, SignalRequest } from "@aither/engine";
import type { AttemptRef, JobId, LogLimit } from "@aither/protocol";
import { setTimeout as delay } from "node:timers/promises";
import {
  isShortage,
  LivenessSweep,
  preallocateExit,
  Spawner,
  SyncFailed,
  watchExits,
  type AttemptFiles,
  type DurableFs,
  type IdentityOptions,
  type Tail,
} from "@aither/supervise";
import type { Cache } from "../cache/cache.ts";
import type { ArtifactLimits } from "../config.ts";
import type { Log, Origin, Secrets } from "../host.ts";
import type { JobFolders } from "../store/job-folders.ts";
import { errorCode, isDiskFailure } from "../store/errors.ts";
import { attemptMarker, bellName, filesOf } from "../store/layout.ts";
import { Attempt, attemptId } from "./attempt.ts";
import type { Cgroups } from "./cgroups.ts";
import { JobSurroundings } from "./job-surroundings.ts";
import { Leftovers } from "./leftovers.ts";
import { prepare } from "./prepare.ts";
import { StopLadder } from "./stop.ts";
import { survey } from "./survey.ts";

/** Attempts that are being started at once; the rest waits its turn, so that timers and clients get theirs. */
const STARTS_AT_ONCE = 16;
/** A script that could not be started so often in a row will not be. */
const FENCES_MAX = 3;
/** How long a machine that is short of descriptors or memory is left alone. */
const SHORTAGE_PAUSE_MS = 500;

export type LocalExecutorOptions = {
  readonly slots: number;
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly exits: string;
  readonly tail: Tail;
  readonly log: Log;
  readonly daemonId: string;
  readonly identity: IdentityOptions;
  readonly origin: (jobId: JobId) => Promise<Origin | null>;
  readonly artifacts: ArtifactLimits;
  /** An attempt cannot be made ready, because nothing can be written: the daemon ends as it does for its journal. */
  readonly onDiskFailed: (error: unknown) => void;
  /** How much of a log is kept when its script does not say; null: all of it. */
  readonly logLimit?: LogLimit | null;
  readonly jobNumber: (jobId: JobId) => number;
  readonly cache: Cache;
  /** Who is told what scripts name as secret. */
  readonly secrets: Pick<Secrets, "learn" | "settled">;
  /** Without: processes are known by session, marker and output alone. */
  readonly cgroups?: Cgroups;
};

export class LocalExecutor implements Executor {
  readonly name = "local";
  readonly slots: number;
  readonly #options: LocalExecutorOptions;
  readonly #spawner: Spawner;
  readonly #sweep: LivenessSweep;
  readonly #surroundings: JobSurroundings;
  readonly #leftovers: Leftovers;
  readonly #stops: StopLadder;
  readonly #attempts = new Map<string, Attempt>();
  readonly #byBell = new Map<string, Attempt>();
  readonly #queue: Attempt[] = [];
  /** How often in a row a script was fenced although nobody restarted. */
  readonly #fences = new Map<string, number>();
  #starting = 0;
  #bells: { look: () => void; close: () => void } | undefined;
  #listener: (observation: Observation) => void = () => undefined;
  #closed = false;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.slots = options.slots;
    this.#spawner = new Spawner(options.identity);
    this.#sweep = new LivenessSweep(options.identity);
    this.#surroundings = new JobSurroundings(options);
    this.#leftovers = new Leftovers(options.identity);
    this.#stops = new StopLadder(options);
  }

  onObservation(listener: (observation: Observation) => void): void {
    this.#listener = listener;
  }

  /** Begins to listen for bells; `exits/` must be there. */
  open(): void {
    this.#bells = watchExits(this.#options.exits, (name) => this.#byBell.get(name)?.heard(), {
      onError: (error) => this.#options.log.warn({ reason: String(error) }, "exits/ cannot be read"),
    });
  }

  ensure(request: EnsureRequest): void {
    const id = attemptId(request.ref);
    const known = this.#attempts.get(id);
    if (known !== undefined) {
      known.request = request;
      if (!request.mayStart && known.phase === "asked") void this.#guard(known, async () => this.#withdraw(known));
      return;
    }
    const attempt = new Attempt(request);
    this.#attempts.set(id, attempt);
    this.#queue.push(attempt);
    this.#advance();
  }

  signal(request: SignalRequest): void {
    const attempt = this.#attempts.get(attemptId(request.ref));
    attempt?.stopping();
    this.#stop(request.ref, async (files) => {
      await this.#stops.send(request, files, attempt);
      this.#bells?.look();
    });
  }

  freeze(request: FreezeRequest): void {
    this.#attempts.get(attemptId(request.ref))?.freeze(request.frozen);
    this.#stop(request.ref, async (files) => this.#stops.freeze(request, files));
  }

  release(ref: AttemptRef): void {
    const id = attemptId(ref);
    const attempt = this.#attempts.get(id);
    this.#attempts.delete(id);
    this.#byBell.delete(bellName(ref));
    attempt?.release();
    this.#options.cgroups?.leave(ref);
    try {
      // An empty file that was made a moment ago: taking it away at once costs a tenth of asking a thread to.
      unlinkSync(join(this.#options.exits, bellName(ref)));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") this.#trouble(ref, error);
    }
  }

  /** After recovery: groups of attempts that nobody knows any more go. */
  tidyUp(): void {
    const underWay = new Set([...this.#attempts.values()].map(({ request }) => bellName(request.ref)));
    this.#options.cgroups?.sweep((name) => underWay.has(name));
  }

  /** Lets go of everything; scripts run on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#queue.length = 0;
    this.#bells?.close();
    this.#sweep.close();
    for (const attempt of this.#attempts.values()) attempt.release();
    await this.#spawner.close();
  }

  #advance(): void {
    if (this.#closed || this.#starting >= STARTS_AT_ONCE) return;
    const attempt = this.#queue.shift();
    if (attempt === undefined) return;
    this.#starting += 1;
    setImmediate(() => {
      void this.#guard(attempt, async () => this.#begin(attempt)).finally(() => {
        this.#starting -= 1;
        this.#advance();
      });
      this.#advance();
    });
  }

  async #begin(attempt: Attempt): Promise<void> {
    const { ref } = attempt.request;
    if (attempt.phase === "over") return;
    const folder = await this.#options.folders.find(ref.jobId);
    if (folder === undefined) throw new Error(`the folder of job ${ref.jobId} is gone`);
    attempt.connect({
      fs: this.#options.fs,
      files: filesOf(folder, ref),
      marker: attemptMarker(ref),
      identity: this.#options.identity,
      tail: this.#options.tail,
      sweep: this.#sweep,
      leftovers: this.#leftovers,
      cgroupDir: () => this.#options.cgroups?.of(ref),
      report: (observation) => this.#report(observation),
      trouble: (error) => this.#trouble(ref, error),
      learn: (values) => this.#options.secrets.learn(ref.jobId, values),
      learned: async () => this.#options.secrets.settled(ref.jobId),
      logLimit: this.#options.logLimit ?? null,
      notCut: () =>
        this.#options.log.warn({ ...ref }, "a log passed its limit, and this disk cannot give back a part of a file"),
      orphaned: (wrapperPid) =>
        this.#options.log.warn({ ...ref, wrapperPid }, "a script lost its wrapper and is waited for"),
    });
    this.#byBell.set(bellName(ref), attempt);
    const { mayStart, recovering, cache } = attempt.request;
    if (cache !== undefined) await this.#mayKeep(attempt);
    if (recovering || !mayStart) {
      await survey(attempt, this.#options.daemonId);
      return;
    }
    await this.#start(attempt);
  }

  async #start(attempt: Attempt): Promise<void> {
    const { request, files } = attempt;
    if (request.cache !== undefined && (await this.#restored(attempt))) return;
    const spec = await prepare({
      request,
      files,
      job: await this.#surroundings.of(request.ref.jobId),
      bell: join(this.#options.exits, bellName(request.ref)),
      marker: attemptMarker(request.ref),
      number: this.#options.jobNumber(request.ref.jobId),
      fs: this.#options.fs,
      limits: this.#options.artifacts,
    });
    if (typeof spec === "string") {
      this.#report({ is: "spawn-failed", ref: request.ref, message: spec });
      return;
    }
    await preallocateExit(this.#options.fs, files);
    // A cancel may have come while we prepared; from the next line on only the claim tells.
    if (!attempt.request.mayStart || this.#closed) {
      if (!this.#closed) await survey(attempt, this.#options.daemonId);
      return;
    }
    const cgroupDir = this.#options.cgroups?.make(request.ref);
    const result = await this.#spawner.start({ ...spec, ...(cgroupDir !== undefined && { cgroupDir }) });
    // `phase` moves on by itself when the bell was faster than the claim.
    if (this.#closed || attempt.phase !== "asked") return;
    if (result.kind === "claimed") {
      this.#fences.delete(scriptId(request.ref));
      await attempt.started(result.process);
      return;
    }
    this.#options.log.warn({ ...request.ref, result }, "an attempt was not claimed");
    const found = await survey(attempt, this.#options.daemonId, this.#tooManyFences(request.ref));
    if (found !== "not-started") this.#fences.delete(scriptId(request.ref));
  }

  /** Its result may be kept when it ends, whoever started it. */
  async #mayKeep(attempt: Attempt): Promise<void> {
    const { request, files } = attempt;
    const { cache } = this.#options;
    attempt.cacheNote = request.started ? undefined : await cache.noted(files);
    const env = (await this.#surroundings.of(request.ref.jobId)).origin?.env ?? {};
    attempt.keep = async (result, cannot) => cache.keep({ request, files, env }, result, cannot);
  }

  /** True when there is nothing to start: an earlier result was put in its place, or it is not wanted any more. */
  async #restored(attempt: Attempt): Promise<boolean> {
    const { request, files } = attempt;
    const env = (await this.#surroundings.of(request.ref.jobId)).origin?.env ?? {};
    const mayGoOn = (): boolean => attempt.request.mayStart && !attempt.isOver() && !this.#closed;
    const look = await this.#options.cache.look({ request, files, env, mayGoOn });
    if (look.is === "miss") attempt.cacheNote = look.note;
    else if (look.is === "hit") {
      await attempt.scanned();
      attempt.restored(look.entry, look.note);
    } else if (!this.#closed && !attempt.isOver()) await survey(attempt, this.#options.daemonId);
    return look.is !== "miss" || attempt.isOver();
  }

  /** A message when this script was fenced too often already. */
  #tooManyFences(ref: AttemptRef): string | undefined {
    const count = (this.#fences.get(scriptId(ref)) ?? 0) + 1;
    this.#fences.set(scriptId(ref), count);
    if (count < FENCES_MAX) return undefined;
    this.#fences.delete(scriptId(ref));
    return `no process could be started, ${count} times in a row`;
  }

  /** It shall not start any more: a fence decides whether it already has. */
  async #withdraw(attempt: Attempt): Promise<void> {
    const waiting = this.#queue.indexOf(attempt);
    // Still in the queue: its turn will find out that it may not start.
    if (waiting >= 0 || !attempt.isConnected) return;
    await survey(attempt, this.#options.daemonId);
  }

  /** Works on the processes of an attempt, whether or not this life started it. Calls begin in their order. */
  #stop(ref: AttemptRef, work: (files: AttemptFiles) => Promise<void>): void {
    void (async () => {
      const folder = await this.#options.folders.find(ref.jobId);
      if (folder !== undefined) await work(filesOf(folder, ref));
    })().catch((error: unknown) => this.#trouble(ref, error));
  }

  #report(observation: Observation): void {
    if (!this.#closed) this.#listener(observation);
  }

  async #guard(attempt: Attempt, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { ref } = attempt.request;
      if (isDiskFailure(error)) return this.#options.onDiskFailed(error);
      this.#trouble(ref, error);
      if (attempt.phase !== "asked" || this.#closed) return;
      await this.#giveUp(attempt, error);
    }
  }

  /** Trouble before the claim: it is made certain that nothing runs, then it is said. */
  async #giveUp(attempt: Attempt, error: unknown): Promise<void> {
    // What the machine is short of is no fault of the script: a little later it is tried again.
    const isShort = isShortage(error);
    if (isShort) await delay(SHORTAGE_PAUSE_MS, undefined, { ref: false });
    if (attempt.phase !== "asked" || this.#closed) return;
    const { ref } = attempt.request;
    if (isShort && !attempt.isConnected) {
      this.#queue.push(attempt);
      return;
    }
    const message = isShort ? this.#tooManyFences(ref) : reasonOf(error);
    try {
      if (attempt.isConnected) await survey(attempt, this.#options.daemonId, message);
      else this.#report({ is: "spawn-failed", ref, message: reasonOf(error) });
    } catch (again) {
      this.#trouble(ref, again);
      if (isShortage(again)) await this.#giveUp(attempt, again);
    }
  }

  #trouble(ref: AttemptRef, error: unknown): void {
    // The next sync of that file may say yes and mean nothing.
    if (error instanceof SyncFailed) return this.#options.onDiskFailed(error);
    this.#options.log.error({ ...ref, reason: reasonOf(error) }, "trouble with an attempt");
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function scriptId(ref: AttemptRef): string {
  return `${ref.jobId} ${ref.script}`;
}
