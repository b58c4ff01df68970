/** Signals to a whole attempt. Deadlines are the engine's; here is only how a signal reaches everybody it is meant for. */
import { setTimeout as delay } from "node:timers/promises";
import type { FreezeRequest, SignalRequest } from "@aither/engine";
import {
  findScripts,
  freeze,
  isSameProcess,
  kill,
  killWrapper,
  readExit,
  terminate,
  thaw,
  type AttemptFiles,
  type AttemptTarget,
  type IdentityOptions,
} from "@aither/supervise";
import type { Log } from "../host.ts";
import { attemptMarker } from "../store/layout.ts";
import { attemptId, type Attempt } from "./attempt.ts";
import type { Cgroups } from "./cgroups.ts";

/** A wrapper whose script is dead records the end within a millisecond, unless the disk is full. */
const WRAPPER_PATIENCE_MS = 10_000;

export class StopLadder {
  readonly #identity: IdentityOptions;
  readonly #log: Log;
  readonly #cgroups: Cgroups | undefined;
  readonly #underWay = new Set<string>();
  /** Freezes and thaws under way, by attempt: a later signal waits for them. */
  readonly #freezes = new Map<string, Promise<void>>();

  constructor(options: { identity: IdentityOptions; log: Log; cgroups?: Cgroups | undefined }) {
    this.#identity = options.identity;
    this.#log = options.log;
    this.#cgroups = options.cgroups;
  }

  /** The whole tree stands still, or goes on; in the order of the calls. */
  async freeze(request: FreezeRequest, files: AttemptFiles): Promise<void> {
    const id = attemptId(request.ref);
    const target = this.#targetOf(request, files);
    const turn = (this.#freezes.get(id) ?? Promise.resolve()).then(async () => {
      if (request.frozen) await freeze(target, this.#identity);
      else await thaw(target, this.#identity);
    });
    const quiet = turn.catch(() => undefined);
    this.#freezes.set(id, quiet);
    try {
      await turn;
    } finally {
      if (this.#freezes.get(id) === quiet) this.#freezes.delete(id);
    }
  }

  /** Resolves when the signal has reached everybody; after a KILL the attempt knows what would not die. */
  async send(request: SignalRequest, files: AttemptFiles, attempt: Attempt | undefined): Promise<void> {
    const id = `${attemptId(request.ref)} ${request.signal}`;
    if (this.#underWay.has(id)) return;
    this.#underWay.add(id);
    try {
      await this.#freezes.get(attemptId(request.ref));
      const target = this.#targetOf(request, files);
      if (request.signal === "KILL" || request.signal === "SIGKILL") await this.#kill(target, files, attempt);
      else if (request.signal === "TERM" || request.signal === "SIGTERM") await terminate(target, this.#identity);
      else await this.#ask(target, request.signal);
    } finally {
      this.#underWay.delete(id);
    }
  }

  #targetOf({ ref, handle }: Pick<SignalRequest, "ref" | "handle">, files: AttemptFiles): AttemptTarget {
    const outputPaths = [files.log, files.err];
    return { wrapper: handle, marker: attemptMarker(ref), outputPaths, cgroupDir: this.#cgroups?.of(ref) };
  }

  async #kill(target: AttemptTarget, files: AttemptFiles, attempt: Attempt | undefined): Promise<void> {
    let left: readonly number[] = [];
    try {
      const report = await kill(target, this.#identity);
      left = report.left.map(({ pid }) => pid);
      if (left.length > 0) {
        const processes = report.left.map(({ pid, name }) => `${pid} ${name}`);
        this.#log.error({ marker: target.marker, processes }, "processes of an attempt would not die");
      } else if (report.wrapperAlive) await this.#endWrapper(target, files, attempt);
    } finally {
      // Whatever went wrong: there is no stronger signal to wait for.
      attempt?.forced(left);
    }
  }

  /** Its script is dead and it still does not record that: the code is given up, the attempt is not. */
  async #endWrapper(target: AttemptTarget, files: AttemptFiles, attempt: Attempt | undefined): Promise<void> {
    const until = performance.now() + WRAPPER_PATIENCE_MS;
    while (performance.now() < until) {
      if (attempt?.isOver() === true || (await readExit(files)) !== undefined) return;
      await delay(100, undefined, { ref: false });
    }
    this.#log.error({ marker: target.marker }, "a wrapper could not record an end and is killed");
    killWrapper(target, this.#identity);
  }

  /** Any other signal (`INT`): once to each process of the attempt but its wrapper. */
  async #ask(target: AttemptTarget, signal: string): Promise<void> {
    const name = (signal.startsWith("SIG") ? signal : `SIG${signal}`) as NodeJS.Signals;
    for (const found of await findScripts(target, this.#identity)) {
      if (!isSameProcess(found, this.#identity)) continue;
      try {
        process.kill(found.pid, name);
        // A stopped process would sleep over it.
        if (found.stopped) process.kill(found.pid, "SIGCONT");
      } catch (error) {
        this.#log.debug({ pid: found.pid, reason: String(error) }, "a process was gone before its signal");
      }
    }
  }
}
