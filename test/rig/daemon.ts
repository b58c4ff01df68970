/** The real `aitherd` in a process of its own: to be started, asked, killed and started again. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { daemonNodeOptions, type Event, type EventOf, type EventType, type JobDetail } from "@aither/protocol";
import { daemonBundle, type Patch } from "./bundle.ts";
import { isAlive, processesOf } from "./processes.ts";
import { waitFor } from "./wait.ts";
import { Workspace } from "./workspace.ts";

/** The line every starter uses; see daemon/src/lock.ts. */
const LOCK_LINE = 'exec 9>>"$0"; flock -n 9 || exit 75; exec "$@"';

export type Answer = { readonly status: number; readonly body: unknown; readonly text: string };

export type DaemonOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  /** Options of Node itself, such as `--cpu-prof`. */
  readonly nodeArgv?: readonly string[];
  /** Planted bugs; see `bundle.ts`. */
  readonly patches?: readonly Patch[];
  /** A command and its options that runs the daemon, such as `strace`. */
  readonly around?: readonly string[];
};

export class Daemon implements AsyncDisposable {
  readonly workspace: Workspace;
  readonly #options: DaemonOptions;
  #child: ChildProcess | undefined;
  #ownsWorkspace: boolean;

  private constructor(workspace: Workspace, options: DaemonOptions, ownsWorkspace: boolean) {
    this.workspace = workspace;
    this.#options = options;
    this.#ownsWorkspace = ownsWorkspace;
  }

  /** A daemon that answers; in a new workspace, which goes when the daemon goes, unless one is given. */
  static async start(options: DaemonOptions & { workspace?: Workspace } = {}): Promise<Daemon> {
    const workspace = options.workspace ?? (await Workspace.create());
    const daemon = new Daemon(workspace, options, options.workspace === undefined);
    await daemon.launch();
    return daemon;
  }

  /** One that has not been started: for starts that are to go wrong. */
  static async prepare(options: DaemonOptions & { workspace: Workspace }): Promise<Daemon> {
    return new Daemon(options.workspace, options, false);
  }

  /** Runs a test with a daemon; when it fails, everything that is known is printed. */
  static async with(run: (daemon: Daemon) => Promise<void>, options: DaemonOptions = {}): Promise<void> {
    const daemon = await Daemon.start(options);
    try {
      await run(daemon);
    } catch (error) {
      console.error(daemon.story());
      await daemon[Symbol.asyncDispose]().catch((again: unknown) => console.error(again));
      throw error;
    }
    await daemon[Symbol.asyncDispose]();
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the daemon was not started");
    return pid;
  }

  /** Starts it and waits until it answers. */
  async launch(): Promise<void> {
    const child = await this.spawn();
    await waitFor("an answer of the daemon", async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the daemon ended with ${child.exitCode ?? child.signalCode}\n${this.story()}`);
      }
      return (await this.ask("GET", "/api/health").catch(() => null))?.status === 200;
    });
  }

  /** Starts it without waiting for anything. */
  async spawn(): Promise<ChildProcess> {
    const { places, env } = this.workspace;
    const main = await daemonBundle(this.#options.patches);
    const log = openSync(places.daemonLog, "a", 0o600);
    const { around = [] } = this.#options;
    const nodeArgv = [...daemonNodeOptions, ...(this.#options.nodeArgv ?? [])];
    const argv = [...around, process.execPath, ...nodeArgv, main, ...(this.#options.argv ?? [])];
    const child = spawn("/bin/sh", ["-c", LOCK_LINE, places.lock, ...argv], {
      cwd: "/",
      env: { ...env, ...this.#options.env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#child = child;
    return child;
  }

  /** Null while it runs, or when a signal ended it. */
  get endedWith(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** Hears of the end of the process that runs now. */
  onExit(listener: (code: number | null, signal: NodeJS.Signals | null) => void): void {
    this.#child?.once("exit", listener);
  }

  /** `kill -9`; returns when it is dead. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to stop and returns its exit code. */
  async stop(): Promise<number | null> {
    await this.#end("SIGTERM");
    return this.#child?.exitCode ?? null;
  }

  /** Waits until it ends by itself; null when a signal ended it. */
  async exitCode(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) throw new Error("the daemon was not started");
    await waitFor("the end of the daemon", () => child.exitCode !== null || child.signalCode !== null);
    return child.exitCode;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asked = request({
      socketPath: this.workspace.places.socket,
      method,
      path,
      headers: {
        ...extra,
        ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    });
    asked.end(text);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    const found = Buffer.concat(parts).toString("utf8");
    const status = answer.statusCode ?? 0;
    const kind = answer.headers["content-type"]?.split(";")[0] ?? "";
    const isJson = kind.endsWith("json") && !kind.endsWith("ndjson") && status !== 204;
    return { status, body: isJson ? JSON.parse(found) : undefined, text: found };
  }

  /** Starts a job and returns its id. `playbook` is v3, as data. */
  async startJob(playbook: unknown, extras: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { folder: workspace, env } = this.workspace;
    const body = { text: JSON.stringify(playbook), workspace, env, ...extras };
    const { status, body: reply, text } = await this.ask("POST", "/api/orchestrate", body);
    if (status !== 202) throw new Error(`the start was refused: ${status} ${text}`);
    return (reply as { jobId: string }).jobId;
  }

  async job(jobId: string): Promise<JobDetail> {
    const { status, body, text } = await this.ask("GET", `/api/jobs/${jobId}`);
    if (status !== 200) throw new Error(`no answer about ${jobId}: ${status} ${text}`);
    return body as JobDetail;
  }

  /** The job, once it has ended. */
  async ended(jobId: string): Promise<JobDetail> {
    return waitFor(`the end of job ${jobId}`, async () => {
      const job = await this.job(jobId);
      return job.endedAt === null ? null : job;
    });
  }

  /** The journal as it is on disk. */
  async events(jobId: string): Promise<Event[]> {
    const text = await readFile(join(await this.workspace.jobFolder(jobId), "events.ndjson"), "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event);
  }

  /** The first event of this kind. */
  async event<T extends EventType>(jobId: string, type: T): Promise<EventOf<T>> {
    return waitFor(`${type} of job ${jobId}`, async () => {
      const events = await this.events(jobId).catch(() => []);
      return events.find((event) => event.type === type) as EventOf<T> | undefined;
    });
  }

  /** What its log says, as objects. */
  log(): { msg?: string; [key: string]: unknown }[] {
    return readFileSync(this.workspace.places.daemonLog, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  }

  /** Everything a person needs who looks at a failure: processes, the log, each journal. */
  story(): string {
    const { places, root } = this.workspace;
    const journals = safely(() => readdirSync(join(places.state, "active")), []).map((jobId) => {
      const file = join(places.state, "active", jobId, "events.ndjson");
      return `--- journal of ${jobId}\n${safely(() => readFileSync(file, "utf8"), "unreadable")}`;
    });
    const processes = processesOf(root).map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`);
    const log = safely(() => readFileSync(places.daemonLog, "utf8"), "no log");
    return ["--- processes", ...processes, "--- daemon.log", log, ...journals].join("\n");
  }

  /** Ends the daemon; fails when a process of its jobs is still there, after ending that, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    const story = this.story();
    await this.#end("SIGTERM");
    const strays = await waitFor(
      "the end of all processes",
      () => {
        const left = processesOf(this.workspace.root);
        return left.length === 0 ? ([] as const) : null;
      },
      2_000,
    ).catch(() => processesOf(this.workspace.root));
    for (const { pid } of strays) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    if (this.#ownsWorkspace) await this.workspace[Symbol.asyncDispose]();
    if (strays.length > 0) {
      const list = strays.map(({ pid, command }) => `${pid} ${command.slice(0, 300)}`).join("\n");
      throw new Error(`processes were left behind:\n${list}\n${story}`);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
