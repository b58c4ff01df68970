/** A temporary project and home of its own, with a socket path short enough for every platform. */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { places, type Places } from "@aither/protocol";
import { removeCgroup } from "@aither/supervise";

export class Workspace implements AsyncDisposable {
  readonly root: string;
  /** The project: where playbooks and scripts are, and where scripts run. */
  readonly folder: string;
  readonly places: Places;

  private constructor(root: string) {
    this.root = root;
    this.folder = join(root, "w");
    const env = this.env;
    this.places = places({
      platform: process.platform,
      env,
      homedir: root,
      uid: process.getuid?.() ?? 0,
      cwd: root,
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
    });
  }

  static async create(): Promise<Workspace> {
    const workspace = new Workspace(await realpath(await mkdtemp(join(tmpdir(), "aw-"))));
    await mkdir(join(workspace.folder, "playbooks"), { recursive: true });
    await mkdir(workspace.places.state, { recursive: true, mode: 0o700 });
    return workspace;
  }

  /** What a daemon or a command of this workspace is started with: nothing of the machine's own settings. */
  get env(): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: this.root,
      LANG: "C.UTF-8",
      AITHER_HOME: join(this.root, "h"),
      XDG_RUNTIME_DIR: this.root,
    };
  }

  /** A file of the project; returns its absolute path. */
  async write(path: string, text: string, mode = 0o644): Promise<string> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    return file;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  async text(...parts: string[]): Promise<string> {
    return readFile(join(this.root, ...parts), "utf8");
  }

  /** Where a job's files are. */
  async jobFolder(jobId: string): Promise<string> {
    const jobs = join(this.places.state, "jobs");
    for (const date of await readdir(jobs)) {
      if ((await readdir(join(jobs, date))).includes(jobId)) return join(jobs, date, jobId);
    }
    throw new Error(`no job ${jobId} in ${jobs}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A daemon that was killed could not take its control groups away.
    const folders = await readFile(join(this.places.state, "cgroups"), "utf8").catch(() => "");
    for (const folder of folders.split("\n").filter(Boolean)) removeCgroup(folder);
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
