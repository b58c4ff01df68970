/**
 * Control groups (cgroup v2): the one mark that no child can shed by itself. Each attempt gets a directory of its own, its
 * script joins before it is run, and the kernel knows from then on who belongs to it and can end them all at one stroke.
 *
 *   <our own group>                 daemon, spawner, wrappers: never in what they kill
 *     aither-<home>/                one for each home
 *       <attempt>/                  the script and all its children
 *
 * No controller is switched on, so nothing is limited or accounted, and a group with processes may have groups below it.
 * Where there is no group of our own to write to, everything else works as it did.
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "./attempt-files.ts";
import type { IdentityOptions } from "./identity.ts";

/** Where groups may be made, or the end of a sentence that says why nowhere. */
export type CgroupRoot = { readonly dir: string } | { readonly why: string };

const NAME = /^aither-[0-9a-f]{16}$/;
const EMPTY_PATIENCE_MS = 2_000;
const FROZEN_PATIENCE_MS = 2_000;

/** The directory of one home's groups, below our own group. */
export function cgroupName(homeDigest: string): string {
  return `aither-${homeDigest.slice(0, 16)}`;
}

/**
 * Our own group, when its owner may make groups below it: a unit with `Delegate=yes`, or root. A daemon that was started
 * by a script finds itself in that script's group; `dir` is then the one above all attempts, into which it has to move.
 */
export function findCgroupRoot(options: IdentityOptions = {}): CgroupRoot {
  const procRoot = options.procRoot ?? "/proc";
  const own = /^0::(\/.*)$/m.exec(readText(join(procRoot, "self/cgroup")) ?? "")?.[1];
  const mount = mountOf(readText(join(procRoot, "self/mountinfo")) ?? "");
  if (own === undefined || mount === undefined) return { why: "no cgroup v2 is mounted" };
  if (mount.root !== "/" && own !== mount.root && !own.startsWith(`${mount.root}/`)) {
    return { why: `its own group, ${own}, lies outside of what is mounted` };
  }
  const dir = join(mount.point, outsideOfAttempts(mount.root === "/" ? own : own.slice(mount.root.length)));
  try {
    accessSync(dir, constants.W_OK);
    accessSync(join(dir, "cgroup.procs"), constants.W_OK);
  } catch (error) {
    return { why: `${dir} is not ours to write to (${errorCode(error) ?? String(error)})` };
  }
  return { dir };
}

/** Takes this process out of the group of an attempt, if it is in one: what ends that script must not end us. */
export function leaveAttempt(root: string, options: IdentityOptions = {}): boolean {
  const own = /^0::(\/.*)$/m.exec(readText(join(options.procRoot ?? "/proc", "self/cgroup")) ?? "")?.[1] ?? "/";
  if (outsideOfAttempts(own) === own) return false;
  writeFileSync(join(root, "cgroup.procs"), String(process.pid));
  return true;
}

/** Makes sure that this kernel can end a whole group at once (5.14); why not, when it cannot. */
export function prepareCgroups(dir: string): string | undefined {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(join(dir, "cgroup.kill"), constants.W_OK);
    return undefined;
  } catch (error) {
    removeCgroup(dir);
    return `groups made below it cannot be ended at once (${errorCode(error) ?? String(error)})`;
  }
}

/** The pids in a group and all below it. */
export function cgroupPids(dir: string): number[] {
  try {
    const own = readFileSync(join(dir, "cgroup.procs"), "latin1").split("\n").filter(Boolean);
    return [...own.map(Number), ...childrenOf(dir).flatMap((child) => cgroupPids(child))];
  } catch {
    return [];
  }
}

/** Ends everybody in it and below it, also those who are being forked right now. False when somebody is left. */
export async function killCgroup(dir: string): Promise<boolean> {
  if (cgroupPids(dir).length === 0) return true;
  if (!tryWrite(join(dir, "cgroup.kill"), "1")) return false;
  return waitFor(() => !says(dir, "populated 1"), EMPTY_PATIENCE_MS);
}

/**
 * Runs `work` while nobody in the group can move, and so nobody can fork; then lets go. The group is not left frozen:
 * whoever stands still for longer shall be stopped by a signal, which people see in `ps` and which CONT undoes.
 */
export async function whileFrozen(dir: string | undefined, work: () => void): Promise<void> {
  if (dir === undefined || !tryWrite(join(dir, "cgroup.freeze"), "1")) return;
  try {
    await waitFor(() => says(dir, "frozen 1"), FROZEN_PATIENCE_MS);
    work();
  } finally {
    unfreezeCgroup(dir);
  }
}

/** A daemon that died while it had frozen a group left it so: signals would wait in there for ever. */
export function unfreezeCgroup(dir: string | undefined): void {
  if (dir !== undefined) tryWrite(join(dir, "cgroup.freeze"), "0");
}

/** Takes it away with the groups that its script made below it; false while somebody lives in there. */
export function removeCgroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    const children = childrenOf(dir);
    return children.length > 0 && children.every((child) => removeCgroup(child)) && removeCgroup(dir);
  }
}

/** `/a/aither-0123456789abcdef/attempt` → `/a`; the outermost, because scripts may start daemons whose scripts … */
function outsideOfAttempts(path: string): string {
  const parts = path.split("/");
  const at = parts.findIndex((part, index) => NAME.test(part) && index < parts.length - 1);
  return at < 0 ? path : parts.slice(0, at).join("/") || "/";
}

/** `29 22 0:25 /root /point rw … - cgroup2 cgroup2 rw`; blanks in a path are `\040`. */
function mountOf(mountinfo: string): { readonly root: string; readonly point: string } | undefined {
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    if (!after.startsWith("cgroup2 ")) continue;
    const [, , , root, point] = before.split(" ").map(unescape);
    if (root !== undefined && point !== undefined) return { root, point };
  }
  return undefined;
}

function unescape(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function childrenOf(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name));
  } catch {
    return [];
  }
}

function says(dir: string, what: string): boolean {
  return readText(join(dir, "cgroup.events"))?.split("\n").includes(what) ?? false;
}

async function waitFor(isSo: () => boolean, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  for (let waitMs = 1; !isSo(); waitMs = Math.min(waitMs * 2, 20)) {
    if (performance.now() >= until) return false;
    await delay(waitMs);
  }
  return true;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function tryWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}
