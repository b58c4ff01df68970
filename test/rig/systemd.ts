/** A real systemd, with processes, mounts and control groups of its own: what it kills is nobody else's. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ended } from "./cli.ts";

/** Why this machine cannot play it; null when it can. */
export function systemdIsMissing(): string | null {
  if (process.platform !== "linux") return "skipped: systemd is Linux's";
  if (process.getuid?.() !== 0) return "skipped: namespaces with a systemd need root";
  if (managerPath() === undefined) return "skipped: no systemd";
  const tried = spawnSync("unshare", [
    "-p",
    "-m",
    "-u",
    "-i",
    "-C",
    "-f",
    "--kill-child",
    "mount",
    "--make-rprivate",
    "/",
  ]);
  if (tried.status !== 0) return "skipped: no namespaces can be made";
  return groupsRoot() === undefined ? "skipped: no control groups" : null;
}

function managerPath(): string | undefined {
  return ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].find((path) => existsSync(path));
}

/** The tree that systemd keeps its services in: its own on version 1, the only one on version 2. */
function groupsRoot(): string | undefined {
  return ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].find((path) => existsSync(join(path, "cgroup.procs")));
}

/**
 * Runs `text` in `sh` beside a user's systemd whose runtime folder is `/run/u` and whose home is `home`. Everything
 * that was started in there ends with it.
 */
export async function besideSystemd(text: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const setup = [
    "mount --make-rprivate /",
    "mount -t proc proc /proc",
    "mount -t tmpfs tmpfs /run",
    "mkdir -p -m 700 /run/systemd/system /run/u",
    `${managerPath()} --user --log-target=console >/dev/null 2>&1 &`,
    "for i in $(seq 200); do systemctl --user is-system-running >/dev/null 2>&1 && break; sleep 0.1; done",
    "systemctl --user is-system-running >&2 || exit 99",
  ].join("\n");
  return inNamespaces('"$SETUP\n$BODY"', { ...env, XDG_RUNTIME_DIR: "/run/u", SETUP: setup, BODY: text });
}

/** Targets that every unit leans on; nothing else of this machine's own units exists in there. */
const targets = ["sysinit", "basic", "sockets", "multi-user", "shutdown", "exit", "rescue", "emergency", "default"];

/**
 * Runs `text` in `sh` as a unit of a systemd that is process 1 of its world. It knows the units in `folder/units` alone:
 * it must boot nothing, for a boot mounts, cleans and configures the machine that it takes for its own.
 */
export async function underSystemd(
  text: string,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<Ended> {
  const [story, out, err] = [join(folder, "story.sh"), join(folder, "story.out"), join(folder, "story.err")];
  const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`);
  writeFileSync(story, [...exports, text].join("\n"));
  writeUnits(join(folder, "units"), `sh ${story} >${out} 2>${err}; systemctl --force exit $$?`);
  const setup = [
    "set -e",
    "mount --make-rprivate /",
    "mount -t proc proc /proc",
    "mount -t tmpfs tmpfs /run",
    "mkdir -p /run/systemd/system /run/lock",
    "mount --bind /bin/true /usr/bin/systemd-tmpfiles",
    'mount --bind "$UNITS" /etc/systemd/system',
    `exec env -i container=lxc PATH="$PATH" SYSTEMD_UNIT_PATH=/etc/systemd/system ${managerPath()} --system --unit=story.service --show-status=false`,
  ].join("\n");
  const ended = await inNamespaces('"$SETUP"', { ...env, SETUP: setup, UNITS: join(folder, "units") });
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  return { code: ended.code, stdout: read(out), stderr: `${read(err)}\n${ended.stdout}\n${ended.stderr}` };
}

function writeUnits(units: string, command: string): void {
  mkdirSync(units);
  for (const name of targets) writeFileSync(join(units, `${name}.target`), `[Unit]\nDefaultDependencies=no\n`);
  const service = ["[Service]", "Type=oneshot", `ExecStart=/bin/sh -c '${command}'`];
  writeFileSync(join(units, "story.service"), ["[Unit]", "DefaultDependencies=no", ...service, ""].join("\n"));
}

const PATIENCE_S = 120;

/** `script` is a word of `sh` that holds what is run. Everything that was started in there ends with it. */
async function inNamespaces(script: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const group = join(groupsRoot() ?? "", `aither-test-${process.pid}`);
  const namespaces = `exec timeout -s KILL ${PATIENCE_S} unshare -p -m -u -i -C -f --kill-child sh -c ${script}`;
  mkdirSync(group);
  try {
    const child = spawn("sh", ["-c", `echo $$ > ${group}/cgroup.procs; ${namespaces}`], {
      env: { ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const told = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (part: string) => (told.stdout += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (told.stderr += part));
    await once(child, "close");
    return { code: child.exitCode, ...told };
  } finally {
    removeGroup(group);
  }
}

/** A group goes when it is empty, from the leaves up. */
function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  try {
    rmdirSync(group);
  } catch {
    writeFileSync(2, `${group} could not be removed\n`);
  }
}
