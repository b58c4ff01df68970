/**
 * A control group for each attempt, where this daemon may make some. Which attempt is in which is not remembered: the
 * name says it. Only where groups were made is written down (`cgroups`, a directory a line), because the next daemon of
 * this home may be started in another place, and finds those of the attempts it adopts by it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import type { AttemptRef } from "@aither/protocol";
import {
  cgroupName,
  cgroupPids,
  findCgroupRoot,
  leaveAttempt,
  prepareCgroups,
  removeCgroup,
  type IdentityOptions,
} from "@aither/supervise";
import type { Log } from "../host.ts";
import { errorCode } from "../store/errors.ts";
import { bellName } from "../store/layout.ts";

export type CgroupSetting = "auto" | "off";

/** How the processes of an attempt are known: by a group below `folder`, or without one, and why. */
export type CgroupUse = { readonly folder: string } | { readonly why: string };

/** Left-overs may live on for as long as they like; their group is looked at so often. */
const LINGER_MS = 30_000;

export type CgroupsOptions = {
  readonly setting: CgroupSetting;
  readonly home: string;
  /** The file that says where groups were made. */
  readonly file: string;
  readonly identity: IdentityOptions;
  readonly log: Log;
};

export class Cgroups {
  readonly use: CgroupUse;
  readonly #log: Log;
  /** Where groups of this home are: ours first. */
  readonly #folders: readonly string[];
  readonly #lingering = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  constructor(options: CgroupsOptions) {
    this.#log = options.log;
    this.use = process.platform === "linux" ? claimFolder(options) : { why: "this system has none" };
    const before = linesOf(options.file).filter((folder) => existsSync(folder));
    const ours = "folder" in this.use ? [this.use.folder] : [];
    this.#folders = [...new Set([...ours, ...before])];
    this.#remember(options.file);
    options.log.info({ ...this.use }, "folder" in this.use ? "attempts get control groups" : "no control groups");
  }

  /** A group for an attempt that is about to start; undefined where it has to do without. */
  make(ref: AttemptRef): string | undefined {
    if (!("folder" in this.use)) return undefined;
    const dir = join(this.use.folder, bellName(ref));
    try {
      return makeIn(this.use.folder, dir);
    } catch (error) {
      if (!this.#hasWarned)
        this.#log.warn({ reason: String(error) }, "a control group could not be made; its script runs without");
      this.#hasWarned = true;
      return undefined;
    }
  }

  /** The group of an attempt, whoever made it. */
  of(ref: AttemptRef): string | undefined {
    return this.#folders.map((folder) => join(folder, bellName(ref))).find((dir) => existsSync(dir));
  }

  /** Who lives in it now. */
  pidsOf(ref: AttemptRef): readonly number[] {
    const dir = this.of(ref);
    return dir === undefined ? [] : cgroupPids(dir);
  }

  /** Its attempt has ended: it goes, as soon as nobody lives in it. */
  leave(ref: AttemptRef): void {
    const dir = this.of(ref);
    if (dir !== undefined) this.#remove(dir);
  }

  /** Takes away what earlier daemons left, but for attempts that are under way. */
  sweep(isUnderWay: (name: string) => boolean): void {
    for (const folder of this.#folders) {
      for (const name of groupsIn(folder)) if (!isUnderWay(name)) this.#remove(join(folder, name));
    }
  }

  /** Groups of scripts that run on stay; without any, nothing is left. */
  close(): void {
    clearInterval(this.#timer);
    this.#removeLingering();
    for (const folder of this.#folders) if (groupsIn(folder).length === 0) removeCgroup(folder);
  }

  /** Not synced: a machine that was restarted has none of these groups any more. */
  #remember(file: string): void {
    const text = this.#folders.map((folder) => `${folder}\n`).join("");
    if (
      text ===
      linesOf(file)
        .map((line) => `${line}\n`)
        .join("")
    )
      return;
    try {
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      // A full disk, say. Without it, what this daemon starts is found by the other marks if the next one lives elsewhere.
      this.#log.warn({ reason: String(error) }, "where control groups are could not be written down");
    }
  }

  #remove(dir: string): void {
    if (removeCgroup(dir)) return;
    this.#lingering.add(dir);
    this.#timer ??= setInterval(() => this.#removeLingering(), LINGER_MS).unref();
  }

  #removeLingering(): void {
    for (const dir of this.#lingering) if (removeCgroup(dir)) this.#lingering.delete(dir);
    if (this.#lingering.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function claimFolder({ setting, home, identity }: CgroupsOptions): CgroupUse {
  const root = findCgroupRoot(identity);
  if ("why" in root) return root;
  try {
    // Also where groups are switched off: somebody else's may not end us.
    leaveAttempt(root.dir, identity);
  } catch (error) {
    return { why: `it was started by a script and could not leave its group (${errorCode(error)})` };
  }
  if (setting === "off") return { why: "the setting cgroup is off" };
  const folder = join(root.dir, cgroupName(createHash("sha256").update(home).digest("hex")));
  const why = prepareCgroups(folder);
  return why === undefined ? { folder } : { why };
}

/** A service manager takes away what it finds empty, also the folder above. */
function makeIn(folder: string, dir: string): string {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === "ENOENT") {
      mkdirSync(folder, { mode: 0o700 });
      mkdirSync(dir, { mode: 0o700 });
    } else if (errorCode(error) !== "EEXIST") throw error;
  }
  return dir;
}

function groupsIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}
