/** The real `aither`, as people start it, in a workspace and with a home of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { processesOf, isAlive } from "./processes.ts";
import { waitFor } from "./wait.ts";
import { Workspace } from "./workspace.ts";

const bin = (name: string): string => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly bin?: "aither" | "a0";
};

/** One command that runs: what it wrote so far, and its end. */
export class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = once(child, "close").then(() => ({ code: child.exitCode, stdout: this.stdout, stderr: this.stderr }));
  }

  /** Waits until it has said something. */
  async says(words: RegExp): Promise<void> {
    await waitFor(`${words} from aither`, () => {
      if (words.test(this.stdout) || words.test(this.stderr)) return true;
      if (this.child.exitCode === null) return false;
      throw new Error(
        `aither ended with ${this.child.exitCode} and never said ${words}\n${this.stdout}\n${this.stderr}`,
      );
    });
  }
}

export class Cli implements AsyncDisposable {
  readonly workspace: Workspace;

  private constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** Commands in a workspace that belongs to somebody else, who also ends what they start. */
  static of(workspace: Workspace): Pick<Cli, "run" | "start"> {
    return new Cli(workspace);
  }

  static async create(): Promise<Cli> {
    return new Cli(await Workspace.create());
  }

  /** Starts a command and does not wait. */
  start(argv: readonly string[], { env, cwd, bin: name = "aither" }: RunOptions = {}): Running {
    const child = spawn(process.execPath, [bin(name), ...argv], {
      cwd: cwd ?? this.workspace.folder,
      env: { ...this.workspace.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new Running(child);
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(argv, options).ended;
  }

  /** Runs it with `--json` and reads its answer; fails when it fails. */
  async json<T>(...argv: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...argv, "--json"]);
    if (code !== 0) throw new Error(`aither ${argv.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** A v3 playbook of these jobs, in YAML's flow style or as data. */
  async playbook(name: string, jobs: unknown): Promise<void> {
    await this.#write(name, { apiVersion: "aither/v1", metadata: { name }, orchestration: { jobs } });
  }

  /** A playbook with all that its `orchestration` says, and what else stands before it. */
  async orchestration(name: string, orchestration: object, more: object = {}): Promise<void> {
    await this.#write(name, { metadata: { name }, ...more, orchestration });
  }

  async #write(name: string, playbook: object): Promise<void> {
    await this.workspace.write(`playbooks/${name}.json`, JSON.stringify(playbook, null, 2));
  }

  async daemonPid(): Promise<number> {
    return (await this.json<{ pid: number }>("daemon", "status")).pid;
  }

  /** `kill -9` of the daemon; returns when it is dead. */
  async killDaemon(): Promise<void> {
    const pid = await this.daemonPid();
    process.kill(pid, "SIGKILL");
    await waitFor("the daemon's death", () => !isAlive(pid));
  }

  /** Stops the daemon; whatever else is left of this workspace is ended and told as a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["daemon", "stop"]);
    const left = await waitFor(
      "the end of all processes",
      () => processesOf(this.workspace.root).length === 0,
      5_000,
    ).then(
      () => [],
      () => processesOf(this.workspace.root),
    );
    for (const { pid } of left) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await this.workspace[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`processes were left behind: ${left.map((one) => one.command).join("\n")}`);
  }
}
