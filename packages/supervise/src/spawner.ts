/**
 * Starts attempts without ever forking the daemon: forking a process with a large heap stops it for
 * tens of milliseconds, so one small `/bin/sh -s` does it for us.
 *
 *   start(spec) ──line──▶ spawner's stdin ──▶ ( … exec setsid -f sh -c WRAPPER … )
 *        ▲                                              │ wins the claim
 *        └───────── "claimed TOKEN PID START" ──────────┘ through the spawner's stdout
 *
 * The spawner may die at any moment. What it was told and did not do is reported as unclaimed, and
 * the caller fences it; what it did lives on by itself.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, closeSync, constants, openSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import type { AttemptFiles, ProcessRef } from "./attempt-files.ts";
import { readBootId, type IdentityOptions } from "./identity.ts";
import { inTerminal, type Terminal } from "./terminal.ts";
import { quote, splitEnvironment, WRAPPER_TEXT, wrapperArguments } from "./wrapper.ts";

/** One attempt to start. Every path is absolute. */
export type AttemptSpec = {
  readonly files: AttemptFiles;
  /** A file that appears when the exit record was written; see `watchExits`. */
  readonly bell: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The script's whole environment; only AITHER_ATTEMPT and PWD are added. */
  readonly env: Readonly<Record<string, string>>;
  /** The value of AITHER_ATTEMPT: unique to this attempt, by it strays are found again. */
  readonly marker: string;
  /** Default 0o022. */
  readonly umask?: number;
  /** Soft limit of open files, default 1024: Node raised its own, which scripts must not inherit. */
  readonly openFilesSoft?: number;
  readonly cgroupDir?: string;
  /** stderr goes to `files.err` instead of the log. */
  readonly separateStderr?: boolean;
  /** The script reads from `files.stdin`; see `sendInput`. Otherwise from /dev/null. */
  readonly stdin?: boolean;
  /** It runs in a pseudo-terminal: one stream, so not together with `separateStderr`. */
  readonly terminal?: Terminal | undefined;
};

/**
 * - `claimed`: it runs, as this process.
 * - `refused`: its wrapper found a claim or a fence (or could not make a link) and left.
 * - `unclaimed`: nobody knows. `fence` decides: fenced ⇒ it never runs; a claim ⇒ it does.
 */
export type StartResult =
  | { readonly kind: "claimed"; readonly process: ProcessRef }
  | { readonly kind: "refused" }
  | { readonly kind: "unclaimed"; readonly reason: "timeout" | "spawner-died" | "not-forked" | "closed" };

export type SpawnerOptions = IdentityOptions & {
  /** How long to wait for a claim before it counts as unclaimed; default 10,000. */
  readonly claimTimeoutMs?: number;
  /** The shell of spawner and wrappers; default /bin/sh. */
  readonly shell?: string;
  /** `direct` forks from this process: for machines without setsid(1). Default: what the machine has. */
  readonly way?: "spawner" | "direct";
  /** Where setsid(1) lies; looked for when not given. */
  readonly setsidPath?: string;
};

type Pending = {
  readonly files: AttemptFiles;
  readonly settle: (result: StartResult) => void;
  readonly forkHere: () => void;
  /** The spawner it was sent to; none when this process forks itself. */
  child: ChildProcess | undefined;
};

const CLAIM_TIMEOUT_MS = 10_000;

export class Spawner {
  readonly #bootId: string;
  readonly #shell: string;
  readonly #claimTimeoutMs: number;
  #setsid: string | undefined;
  readonly #pending = new Map<string, Pending>();
  #child: ChildProcess | undefined;
  #tokens = 0;
  #closed = false;

  constructor(options: SpawnerOptions = {}) {
    this.#bootId = readBootId(options);
    this.#shell = options.shell ?? "/bin/sh";
    this.#claimTimeoutMs = options.claimTimeoutMs ?? CLAIM_TIMEOUT_MS;
    this.#setsid = options.way === "direct" ? undefined : (options.setsidPath ?? findSetsid());
  }

  /** The spawner's pid, for a person who looks at processes; undefined until the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Attempts that were asked for and have neither claimed nor failed yet. */
  get pending(): readonly AttemptFiles[] {
    return [...this.#pending.values()].map(({ files }) => files);
  }

  /** Asks for one start. Never throws for trouble of the machine; throws for a spec that makes no sense. */
  async start(spec: AttemptSpec): Promise<StartResult> {
    assertSpec(spec);
    if (this.#closed) return { kind: "unclaimed", reason: "closed" };
    this.#tokens += 1;
    const token = `t${this.#tokens}`;
    const { argv, plain, odd } = this.#command(spec);
    const exported = [...plain, ...odd.map((entry, index) => [`_aw_e${index + 1}`, entry] as const)];
    const wrapperArgv = wrapperArguments({
      base: spec.files.base,
      bell: spec.bell,
      cwd: spec.cwd,
      openFilesSoft: spec.openFilesSoft ?? 1024,
      // In a terminal the script joins it from inside.
      cgroupDir: spec.terminal === undefined ? spec.cgroupDir : undefined,
      umask: spec.umask ?? 0o022,
      stdin: spec.stdin ?? false,
      bootId: this.#bootId,
      token,
      oddEntries: odd.length,
      argv,
    });
    const forkHere = (): void => this.#startDirect(spec, exported, wrapperArgv, token);
    const result = this.#await(token, spec.files, forkHere);
    if (this.#setsid === undefined) forkHere();
    else this.#send(spawnerLine(spec, exported, wrapperArgv, token, this.#setsid, this.#shell), token);
    return result;
  }

  /** Lets the spawner finish what it was told and go. Attempts that run are not touched. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.stdin?.end();
      child.ref();
      await gone;
    }
    for (const token of this.#pending.keys()) {
      this.#settle(token, { kind: "unclaimed", reason: "closed" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #command({ argv, env, marker, terminal, cgroupDir, stdin = false }: AttemptSpec) {
    const { plain, odd } = splitEnvironment({ ...env, AITHER_ATTEMPT: marker });
    if (terminal === undefined) return { argv, plain, odd };
    const command = { argv, plain, odd, shell: this.#shell, hasInput: stdin, cgroupDir };
    return { ...inTerminal(terminal, command), odd: [] };
  }

  #await(token: string, files: AttemptFiles, forkHere: () => void): Promise<StartResult> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#settle(token, { kind: "unclaimed", reason: "timeout" });
        this.#replace();
      }, this.#claimTimeoutMs);
      this.#pending.set(token, {
        files,
        forkHere,
        child: undefined,
        settle: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
      });
    });
  }

  #settle(token: string, result: StartResult): void {
    const pending = this.#pending.get(token);
    this.#pending.delete(token);
    pending?.settle(result);
  }

  /** A spawner that let an attempt wait so long may be stuck: leave it, it is fenced off anyway. */
  #replace(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #send(line: string, token: string): void {
    const child = this.#child ?? this.#launch();
    const pending = this.#pending.get(token);
    if (pending !== undefined) pending.child = child;
    child.stdin?.write(line);
  }

  #launch(): ChildProcess {
    // Its own session, or a ctrl-c meant for the daemon would end it; no environment to leak.
    const child = spawn(this.#shell, ["-s"], {
      detached: true,
      cwd: "/",
      env: {},
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child = child;
    const died = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.on("exit", died);
    child.on("error", () => {
      died();
      this.#giveUp(child);
    });
    // The end of this stream means more than the exit: no wrapper that could still claim holds it.
    child.stdout.on("close", () => {
      died();
      this.#giveUp(child);
    });
    // EPIPE: it died under our hands. If the stream above has ended before, nobody else will say so.
    child.stdin.on("error", () => {
      died();
      if (child.stdout.destroyed) this.#giveUp(child);
    });
    this.#listen(child.stdout);
    // Not every setsid can fork (busybox cannot): then we do it ourselves from the next start on.
    const probe = `${quote(this.#setsid ?? "setsid")} -f true </dev/null || echo no-setsid`;
    child.stdin.write(`umask 077\n${probe}\n_aw_w=${quote(WRAPPER_TEXT)}\n`);
    // A daemon with nothing else to do may exit; the spawner notices by the end of its input.
    child.unref();
    (child.stdin as Socket).unref();
    (child.stdout as Socket).unref();
    return child;
  }

  #giveUp(child: ChildProcess): void {
    for (const [token, pending] of this.#pending) {
      if (pending.child === child) this.#settle(token, { kind: "unclaimed", reason: "spawner-died" });
    }
  }

  #listen(stream: Readable): void {
    stream.on("error", () => undefined);
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => this.#hear(line));
  }

  #hear(line: string): void {
    const [word, token = "", pid, startTime = "-"] = line.split(" ");
    if (word === "claimed") {
      const process: ProcessRef = { bootId: this.#bootId, pid: Number(pid), startTime };
      this.#settle(token, { kind: "claimed", process });
    } else if (word === "refused") this.#settle(token, { kind: "refused" });
    else if (word === "no-setsid") this.#setsid = undefined;
    else if (word === "failed") {
      const pending = this.#pending.get(token);
      if (this.#setsid !== undefined || pending?.child === undefined) {
        this.#settle(token, { kind: "unclaimed", reason: "not-forked" });
      } else {
        // Its setsid could not fork. Trying again cannot start it twice: there is one claim.
        pending.child = undefined;
        pending.forkHere();
      }
    }
  }

  #startDirect(
    spec: AttemptSpec,
    exported: readonly (readonly [string, string])[],
    wrapperArgv: readonly string[],
    token: string,
  ): void {
    const open: number[] = [];
    const openOutput = (path: string): number => {
      const fd = openSync(path, "a", 0o600);
      open.push(fd);
      return fd;
    };
    const failed = (): void => this.#settle(token, { kind: "unclaimed", reason: "not-forked" });
    try {
      const log = openOutput(spec.files.log);
      const err = spec.separateStderr === true ? openOutput(spec.files.err) : log;
      const child = spawn(this.#shell, ["-c", WRAPPER_TEXT, ...wrapperArgv], {
        detached: true,
        cwd: "/",
        env: Object.fromEntries(exported),
        stdio: ["ignore", log, err, "ignore", "pipe"],
      });
      child.on("error", failed);
      const claims = child.stdio[4] as Readable;
      claims.on("close", failed);
      this.#listen(claims);
      child.unref();
    } catch {
      failed();
    } finally {
      for (const fd of open) closeSync(fd);
    }
  }
}

/**
 * Never `&`: a background job of a shell starts with SIGINT ignored and stays its zombie. The
 * redirections belong to the bracket, so the log is made under the spawner's umask 077 and nothing a
 * script does can eat the next command.
 */
function spawnerLine(
  spec: AttemptSpec,
  exported: readonly (readonly [string, string])[],
  wrapperArgv: readonly string[],
  token: string,
  setsid: string,
  shell: string,
): string {
  const exports = exported.map(([name, value]) => `export ${name}=${quote(value)}; `).join("");
  const words = wrapperArgv.map(quote).join(" ");
  const stderr = spec.separateStderr === true ? `2>>${quote(spec.files.err)}` : "2>&1";
  return (
    `( ${exports}exec ${quote(setsid)} -f ${quote(shell)} -c "$_aw_w" ${words} )` +
    ` 4>&1 </dev/null >>${quote(spec.files.log)} ${stderr} || echo "failed ${token}"\n`
  );
}

function assertSpec(spec: AttemptSpec): void {
  const paths = [spec.files.base, spec.bell, spec.cwd, ...(spec.cgroupDir === undefined ? [] : [spec.cgroupDir])];
  for (const path of paths) {
    if (!isAbsolute(path)) throw new Error(`not an absolute path: ${path}`);
  }
  for (const word of [...paths, ...spec.argv, spec.marker]) {
    if (word.includes("\0")) throw new Error("no process can be given a NUL byte");
  }
  if (spec.terminal !== undefined && spec.separateStderr === true) {
    throw new Error("a terminal has one stream: stderr cannot be kept apart");
  }
  // `exec -x` would be an option of the shell's.
  if (spec.argv[0] === "" || spec.argv[0].startsWith("-")) {
    throw new Error(`not a command: ${JSON.stringify(spec.argv[0])}`);
  }
}

/** Only util-linux can fork in setsid (`-f`); it is what Linux has, and busybox has not. */
function findSetsid(): string | undefined {
  if (process.platform !== "linux") return undefined;
  for (const dir of ["/usr/bin", "/bin", "/run/current-system/sw/bin", "/usr/local/bin"]) {
    const path = join(dir, "setsid");
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}
