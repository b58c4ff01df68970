/**
 * Faults in the calls of one process and of nobody else: strace holds the threads that are there when it comes, and
 * follows no child. So scripts, wrappers and the spawner never see what is done to their daemon.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "../../rig/wait.ts";
import { names, read } from "./machine.ts";

export type Fault = {
  readonly call: string;
  readonly error: "ENOSPC" | "EIO" | "EAGAIN" | "EMFILE";
  /** `3`: the third such call of a thread. `3+`: that one and all that follow, as on a disk that stays full. */
  readonly when: string;
  /** Only what is done to this file. */
  readonly path?: string;
};

/** A call that was made to fail, as strace shows it: its name, its arguments with their paths, and the error. */
export type Failed = { readonly call: string; readonly line: string };

const LETTING_GO_MS = 1_000;

export class Faults implements AsyncDisposable {
  readonly #strace: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #out: string;
  #undo: () => void = () => undefined;

  private constructor(strace: ChildProcess, out: string) {
    this.#strace = strace;
    this.#gone = once(strace, "exit");
    this.#out = out;
  }

  /** Returns once every thread is held. `out` is a new file. */
  static async inject(pid: number, { call, error, when, path }: Fault, out: string): Promise<Faults> {
    const inject = ["-e", `inject=${call}:error=${error}:when=${when}`];
    return Faults.#hold(pid, ["-e", `trace=${call}`, ...inject, ...(path === undefined ? [] : ["-P", path])], out);
  }

  /**
   * Lets no file of this process grow over a size, as `ulimit -f` does: a write that would is done in part, and the next
   * one fails with EFBIG. What it forked before is not touched.
   */
  static async limitFiles(pid: number, bytes: number, out: string): Promise<Faults> {
    const faults = await Faults.#hold(pid, ["-e", "trace=write,pwrite64"], out);
    faults.#undo = () => limitFiles(pid, "unlimited");
    limitFiles(pid, bytes);
    return faults;
  }

  static async #hold(pid: number, what: readonly string[], out: string): Promise<Faults> {
    const threads = names(`/proc/${pid}/task`);
    const argv = ["-qq", "-y", "-s", "0", "-o", out, ...what, ...threads.flatMap((thread) => ["-p", thread])];
    const strace = spawn("strace", argv, { stdio: "ignore" });
    const faults = new Faults(strace, out);
    const isHeld = (thread: string): boolean => {
      const status = read(`/proc/${pid}/task/${thread}/status`);
      // A thread that has ended meanwhile makes no calls.
      return status === undefined || !/^TracerPid:\s+0$/m.test(status);
    };
    await waitFor("strace to hold the daemon", () => threads.every(isHeld));
    return faults;
  }

  failed(): Failed[] {
    return (read(this.#out) ?? "")
      .split("\n")
      .filter((line) => /\(INJECTED\)|= -1 EFBIG|= -1 ENOSPC/.test(line) || isShort(line))
      .map((line) => ({ call: /(\w+)\(/.exec(line)?.[1] ?? "", line }));
  }

  /** Lets go of it; it goes on as if nothing had been. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#undo();
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    this.#strace.kill("SIGTERM");
    // Of a process that ends just now strace may wait for a thread for ever, and then nobody hears of that end.
    const late = setTimeout(() => this.#strace.kill("SIGKILL"), LETTING_GO_MS);
    await this.#gone;
    clearTimeout(late);
  }
}

/** `pwrite64(17</path>, ""..., 512, 100) = 200`: fewer bytes than it was given. */
function isShort(line: string): boolean {
  const [, given, taken] = /write(?:64)?\(.*, (\d+)(?:, \d+)?\)\s+= (\d+)$/.exec(line) ?? [];
  return given !== undefined && Number(taken) < Number(given);
}

function limitFiles(pid: number, bytes: number | "unlimited"): void {
  spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
}

/** Why strace cannot be used here; undefined when it can. */
export function unusable(): string | undefined {
  const argv = ["-f", "-o", "/dev/null", "-e", "inject=sync:error=EIO", "true"];
  const { error, status, stderr } = spawnSync("strace", argv, { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}
