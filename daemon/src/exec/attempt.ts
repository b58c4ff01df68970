/** One attempt in this life of the daemon: from being asked for to its end being told. */
import {
  fileSize,
  findScripts,
  isAlive,
  isShortage,
  keepEnds,
  readClaim,
  readExit,
  readIndex,
  recordOffset,
  syncExit,
} from "@aither/supervise";
import type { AttemptFiles, AttemptTarget, ExitFound, ProcessRef } from "@aither/supervise";
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { EnsureRequest } from "@aither/engine";
import type { AttemptRef, CacheNote, Handle } from "@aither/protocol";
import { envPath, outputPath, pathPath } from "./environment.ts";
import type { Connection } from "./connection.ts";
import { LogScan } from "./log-scan.ts";
import { deferred } from "./deferred.ts";
import { readExports, readOutputs } from "./outputs.ts";
import { meantCode, RESTART_REQUIRED } from "./restart-code.ts";
import { Silence } from "./silence.ts";

export function attemptId(ref: AttemptRef): string {
  return `${ref.jobId} ${ref.script}#${ref.attempt}`;
}

/**
 * `asked`: nobody knows yet whether it runs. `running`: its wrapper claimed it. `over`: its end was reported, or it was
 * released.
 */
export type Phase = "asked" | "running" | "over";

/** What is worth keeping of a script that ended well. */
export type Result = { readonly exitCode: number; readonly outputs: Readonly<Record<string, string>> };

/** How often an orphaned script is looked at. */
const ORPHAN_POLL_MS = 1_000;
/** How long a machine that is short of descriptors or memory is left alone. */
const LOOK_AGAIN_MS = 500;
/** A wrapper that was seen dead may have written its record a moment before. */
const RECORD_PATIENCE_MS = 50;
/** Most scripts are done sooner, and then one record tells the time of all their output. */
const FOLLOW_AFTER_MS = 30;

export class Attempt {
  request: EnsureRequest;
  phase: Phase = "asked";
  /** What the cache said before the start. */
  cacheNote: CacheNote | undefined;
  /** Keeps the result of a script that may be cached; set before it can end. */
  keep: ((result: Result, cannot: string | null) => Promise<CacheNote | undefined>) | undefined;
  #connection: Connection | undefined;
  #handle: Handle | undefined;
  #unwatch: () => void = () => undefined;
  #silence: Silence | undefined;
  /** Whether its job was frozen last; undefined as long as it never was. */
  #frozen: boolean | undefined;
  #looking = false;
  #lookAgain = false;
  #left: readonly number[] = [];
  #stop: "none" | "asked" | "forced" = "none";
  /** Settles with the size of the log when the attempt has ended. */
  readonly #ended = deferred<number | undefined>();
  #followTimer: NodeJS.Timeout | undefined;
  /** Set while its log is followed. */
  #following: AbortController | undefined;
  /** By path. */
  readonly #scans = new Map<string, LogScan>();

  constructor(request: EnsureRequest) {
    this.request = request;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  get files(): AttemptFiles {
    return this.connection.files;
  }

  get connection(): Connection {
    if (this.#connection === undefined) throw new Error(`${attemptId(this.request.ref)} is not connected`);
    return this.#connection;
  }

  connect(connection: Connection): void {
    this.#connection = connection;
  }

  /** Its wrapper claimed it in this life. */
  async started(process: ProcessRef): Promise<void> {
    const claim = await readClaim(this.files);
    this.run({ ...process, startedAtMs: claim?.startedAt ?? Date.now() }, "started");
  }

  /** From here on its process is watched. */
  run(handle: Handle, how: "started" | "adopted"): void {
    if (this.phase !== "asked") return;
    this.phase = "running";
    this.#handle = handle;
    this.connection.report({ is: how, ref: this.request.ref, handle, ...this.#note() });
    const { sweep, leftovers } = this.connection;
    const unwatch = sweep.watch(handle, () => this.heard());
    const unclaim = leftovers.claimed(handle);
    this.#keepEnds(this.#ended.promise);
    this.#listen(handle);
    this.#unwatch = () => {
      unwatch();
      unclaim();
      this.#silence?.close();
    };
    if (how === "adopted") this.#follow();
    else this.#followTimer = setTimeout(() => this.#follow(), FOLLOW_AFTER_MS);
  }

  /** Something happened: a bell rang, or the wrapper is dead. Looks once, however often it is called. */
  heard(): void {
    if (this.phase === "over" || this.#connection === undefined) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    this.#look()
      .catch((error: unknown) => {
        this.connection.trouble(error);
        // The bell rings once. What the machine is short of now it may have in a moment.
        if (isShortage(error)) setTimeout(() => this.heard(), LOOK_AGAIN_MS).unref();
      })
      .finally(() => {
        this.#looking = false;
        if (!this.#lookAgain) return;
        this.#lookAgain = false;
        this.heard();
      });
  }

  /** Its whole tree stands still from now on, or goes on. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#silence?.freeze(frozen);
  }

  /** It was asked to stop: it has ended when all of it has, or when force came to its end. */
  stopping(): void {
    if (this.#stop === "none") this.#stop = "asked";
  }

  /** Force came to its end; these processes would not die. */
  forced(pids: readonly number[]): void {
    this.#left = pids;
    this.#stop = "forced";
  }

  /** Tells the end that the exit record states. */
  async end(exit: ExitFound, process: ProcessRef & { startedAt: number }): Promise<void> {
    const { ref } = this.request;
    const handle = this.#handle ?? handleOf(process);
    const { leftovers } = this.connection;
    const [left, outputs, exports] = await Promise.all([
      leftovers.after({ ...this.target(process), wrapper: process }, () => this.#stop === "asked" && !this.isOver()),
      readOutputs(outputPath(this.files)),
      readExports({ env: envPath(this.files), path: pathPath(this.files) }),
      syncExit(this.connection.fs, this.files),
    ]);
    const all = [...new Set([...this.#left, ...left])];
    // What never ran has no code of its own; 126 is what a shell says of a command that it could not run.
    const exitCode = exit.result.kind === "exited" ? await meantCode(exit.result.code, this.request.script) : 126;
    const kept = await this.#keep({ exit, exitCode }, outputs, obstacle(all, exports !== undefined));
    const logBytes = await this.scanned();
    if (this.isOver()) return;
    // It ran while there was no daemon.
    if (this.phase === "asked") this.#keepEnds(Promise.resolve());
    this.#over(logBytes);
    this.connection.report({
      is: "exited",
      ref,
      exitCode,
      signal: exit.result.kind === "exited" ? (exit.result.signal ?? null) : null,
      endedAtMs: exit.endedAt,
      handle,
      outputs,
      ...(exports !== undefined && { exports }),
      leftovers: all,
      ...this.#note(),
      ...(kept !== undefined && { kept }),
    });
  }

  /** Nothing was started: an earlier result is in its place. */
  restored({ exitCode, outputs }: Result, cache: CacheNote): void {
    if (this.isOver()) return;
    this.#over(undefined);
    const { ref } = this.request;
    this.connection.report({ is: "restored", ref, exitCode, endedAtMs: Date.now(), outputs, cache });
  }

  /**
   * Its wrapper is dead and left no record; its script may still run. Never runs again before it is empty. `process` is
   * null when nobody can say who ran it, and `why` says why.
   */
  async vanished(process: (ProcessRef & { startedAt: number }) | null, why = ""): Promise<void> {
    const { identity, report } = this.connection;
    let wasOrphaned = false;
    for (;;) {
      const orphans = await findScripts(this.target(process ?? undefined), identity);
      if (this.isOver()) return;
      if (orphans.length === 0) break;
      if (!wasOrphaned) this.connection.orphaned(process?.pid ?? null);
      wasOrphaned = true;
      await delay(ORPHAN_POLL_MS, undefined, { ref: false });
    }
    if (process === null) return this.lost(why);
    await delay(RECORD_PATIENCE_MS);
    const exit = await readExit(this.files);
    if (exit !== undefined) {
      await this.end(exit, process);
      return;
    }
    await this.scanned();
    if (this.isOver()) return;
    const evidence = wasOrphaned
      ? `its wrapper (pid ${process.pid}) died; the script ended later, and nobody saw its code`
      : `its wrapper (pid ${process.pid}) is gone and left no exit record`;
    this.#over(undefined);
    report({ is: "lost", ref: this.request.ref, evidence });
  }

  lost(evidence: string): void {
    if (this.isOver()) return;
    this.#over(undefined);
    this.connection.report({ is: "lost", ref: this.request.ref, evidence });
  }

  /** It never started and never will. `failure` makes it the fault of the script's definition, not of the moment. */
  notStarted(failure: string | undefined): void {
    if (this.isOver()) return;
    this.#over(undefined);
    const { ref } = this.request;
    this.connection.report(
      failure === undefined ? { is: "not-started", ref } : { is: "spawn-failed", ref, message: failure },
    );
  }

  target(process: ProcessRef | undefined = this.#handle): AttemptTarget {
    const { files, marker, cgroupDir } = this.connection;
    return { wrapper: process, marker, outputPaths: [files.log, files.err], cgroupDir: cgroupDir() };
  }

  /** The journal holds its end, or the daemon goes: what watches it can go, too. */
  release(): void {
    this.#over(undefined);
    this.#following?.abort();
  }

  isOver(): boolean {
    return this.phase === "over";
  }

  #over(logBytes: number | undefined): void {
    this.phase = "over";
    this.#unwatch();
    clearTimeout(this.#followTimer);
    this.#ended.resolve(logBytes);
    // It was too quick to be followed; its output has a time all the same.
    if (this.#following !== undefined || logBytes === undefined) return;
    if (logBytes > 0) recordOffset(this.files.idx, logBytes);
    if (!this.request.script.separateStderr) return;
    const errBytes = statSync(this.files.err, { throwIfNoEntry: false })?.size ?? 0;
    if (errBytes > 0) recordOffset(this.files.errIdx, errBytes);
  }

  #note(): { readonly cache?: CacheNote } {
    return this.cacheNote === undefined ? {} : { cache: this.cacheNote };
  }

  /** Only what ended well is worth keeping; a wish for a restart of the machine is not to be repeated. */
  async #keep(
    { exit: { result }, exitCode }: { exit: ExitFound; exitCode: number },
    outputs: Result["outputs"],
    cannot: string | null,
  ): Promise<CacheNote | undefined> {
    const { successExitCodes } = this.request.script;
    if (result.kind !== "exited" || result.signal !== undefined) return undefined;
    if (exitCode === RESTART_REQUIRED)
      return this.keep?.({ exitCode, outputs }, "it wants the machine to be restarted");
    if (exitCode !== 0 && !successExitCodes.includes(exitCode)) return undefined;
    return this.keep?.({ exitCode, outputs }, cannot);
  }

  #listen({ startedAtMs }: Handle): void {
    const { noOutputTimeoutMs: limitMs } = this.request.script;
    if (limitMs === undefined) return;
    const { files, report } = this.connection;
    const onSilent = (): void => report({ is: "silent", ref: this.request.ref });
    this.#silence = new Silence({ files, limitMs, startedAtMs, frozen: this.#frozen, onSilent });
  }

  async #look(): Promise<void> {
    const process = await this.#process();
    if (process === undefined || this.isOver()) return;
    let exit = await readExit(this.files);
    if (exit === undefined && this.phase === "running" && !isAlive(process, this.connection.identity)) {
      // It may have written and gone between the two looks.
      exit = await readExit(this.files);
      if (exit === undefined) return this.vanished(process);
    }
    if (exit !== undefined) await this.end(exit, process);
  }

  /** Who runs it, as far as is known by now. */
  async #process(): Promise<(ProcessRef & { startedAt: number }) | undefined> {
    if (this.#handle !== undefined) return { ...this.#handle, startedAt: this.#handle.startedAtMs };
    const claim = await readClaim(this.files);
    return claim?.kind === "claimed" ? { ...claim.process, startedAt: claim.startedAt } : undefined;
  }

  /** Gives the middle of a log that grows too long back to the disk, until the attempt has ended. */
  #keepEnds(ended: Promise<unknown>): void {
    const { files, trouble, notCut, logLimit } = this.connection;
    const limit = this.request.script.logLimit === undefined ? logLimit : this.request.script.logLimit;
    if (limit === null) return;
    const stop = new AbortController();
    void ended.then(() => stop.abort());
    keepEnds(files, { signal: stop.signal, headBytes: limit.head, tailBytes: limit.tail })
      .then((how) => how === "unsupported" && notCut())
      .catch(trouble);
  }

  #streams(): readonly { readonly path: string; readonly indexPath: string; readonly isErr: boolean }[] {
    const { log, idx, err, errIdx } = this.files;
    const out = { path: log, indexPath: idx, isErr: false };
    return this.request.script.separateStderr ? [out, { path: err, indexPath: errIdx, isErr: true }] : [out];
  }

  /** The index is written after what is named was kept: where it ends, a later daemon may go on. */
  #scanOf(path: string, indexPath: string): LogScan {
    const scan = this.#scans.get(path) ?? new LogScan(path, seenOf(indexPath), this.connection.learn);
    this.#scans.set(path, scan);
    return scan;
  }

  /** Its output was looked through to its end for what it names as secret; gives the size of its log. */
  async scanned(): Promise<number> {
    let logBytes = 0;
    for (const { path, indexPath, isErr } of this.#streams()) {
      const size = await fileSize(path);
      // Of one that ended while no daemon ran, an earlier daemon has seen the beginning.
      await this.#scanOf(path, indexPath).finish(size);
      if (!isErr) logBytes = size;
    }
    await this.connection.learned();
    return logBytes;
  }

  /** Keeps the index of times beside the log; of the bytes only what they name as secret is looked at. */
  #follow(): void {
    const { tail, trouble } = this.connection;
    const following = new AbortController();
    this.#following = following;
    const { signal } = following;
    const ended = this.#ended.promise;
    const all = this.#streams().map(async ({ path, indexPath, isErr }) => {
      const from = seenOf(indexPath);
      const scan = this.#scanOf(path, indexPath);
      await scan.upTo(from);
      const until = isErr ? ended.then(async () => fileSize(path)) : ended;
      const look = (bytes: Buffer, offset: number): Promise<void> | undefined =>
        scan.saw(bytes, offset)?.then(async () => this.connection.learned());
      await tail.read(path, look, { from, until, signal, indexPath });
    });
    Promise.all(all)
      .catch(trouble)
      .finally(() => {
        // Whoever lets go later need not make an abort that nobody hears.
        if (this.#following === following) this.#following = undefined;
      });
  }
}

function seenOf(indexPath: string): number {
  return readIndex(indexPath).at(-1)?.offset ?? 0;
}

export function handleOf(process: ProcessRef & { startedAt: number }): Handle {
  const { bootId, pid, startTime, startedAt } = process;
  return { bootId, pid, startTime, startedAtMs: startedAt };
}

/** Why a result is more than a copy of its log and files would be; null when it is not. */
function obstacle(left: readonly number[], didExport: boolean): string | null {
  if (didExport) return "it wrote to `AITHER_ENV` or `AITHER_PATH`, and later scripts would miss what it handed them";
  return left.length > 0 ? "processes of it were still alive when it had ended" : null;
}
