/** What a playbook requires and this machine does not have. Checked before anything starts. */
import { execFile } from "node:child_process";
import { stat, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { select, type ScriptIndex } from "@aither/core";
import { bytesOfSize, type Playbook } from "@aither/protocol";
import { isFile } from "./files.ts";

type Machine = {
  readonly env: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly scripts: ScriptIndex;
};

type Requirements = NonNullable<Playbook["requirements"]>;
type Check = (requirements: Requirements, machine: Machine) => Promise<readonly string[]>;

/** In sentences, each with what would help. */
export async function unmetRequirements({ requirements }: Playbook, machine: Machine): Promise<string[]> {
  if (!requirements) return [];
  return (await Promise.all(checks.map((check) => check(requirements, machine)))).flat();
}

const checks: readonly Check[] = [
  async ({ platforms = [] }) => {
    const here = platformNames[process.platform] ?? [process.platform];
    const words = platforms.flatMap((platform) => platform.toLowerCase().split(/[^a-z*-]+/));
    const isHere = words.some((word) => here.includes(word) || anywhere.has(word));
    return platforms.length === 0 || isHere ? [] : [`it runs on ${platforms.join(", ")} only`];
  },
  async ({ requiredTools = [] }, machine) =>
    (await Promise.all(requiredTools.map((tool) => unmetTool(tool, machine)))).flat(),
  async ({ environment = [] }, { env }) =>
    environment.filter((name) => !env[name]).map((name) => `the environment variable ${name} is not set`),
  async ({ minimumPowerShellVersion: wanted }, machine) => {
    // Who has none is told so by the scripts that need it, and by nothing else.
    if (wanted === undefined || (await onPath("pwsh", machine.env)) === null) return [];
    return unmetTool(`pwsh>=${wanted}`, machine);
  },
  async ({ elevated }) =>
    elevated === true && process.getuid !== undefined && process.getuid() !== 0
      ? ["it needs the rights of an administrator (root)"]
      : [],
  async ({ diskSpace }, { workspace }) => {
    if (diskSpace === undefined) return [];
    const { bavail, bsize } = await statfs(workspace);
    const freeBytes = bavail * bsize;
    return freeBytes >= (bytesOfSize(diskSpace) ?? 0)
      ? []
      : [`it needs ${diskSpace} of disk, and ${gigabytes(freeBytes)} are free in ${workspace}`];
  },
  async ({ memory }) =>
    memory === undefined || totalmem() >= (bytesOfSize(memory) ?? 0)
      ? []
      : [`it needs ${memory} of memory, and this machine has ${gigabytes(totalmem())}`],
  async ({ scripts: wanted = [] }, { scripts }) =>
    wanted.flatMap((name) => {
      const found = select(name, scripts);
      return found.scripts.length > 0 && found.missing.length === 0 ? [] : [`there is no script ${name}`];
    }),
  async ({ gitRepository, cleanWorkingTree }, { workspace, env }) => {
    if (gitRepository !== true && cleanWorkingTree !== true) return [];
    if (!(await isInRepository(workspace))) return [`${workspace} is in no Git repository`];
    if (cleanWorkingTree !== true) return [];
    const { code, output } = await run("git", ["status", "--porcelain"], { env, cwd: workspace });
    if (code !== 0) return ["`git status` failed, so nobody knows whether the working tree is clean"];
    return output.trim() === "" ? [] : ["the working tree has changes that are not committed"];
  },
];

const anywhere = new Set(["crossplatform", "cross-platform", "any", "all", "*"]);
const platformNames: Readonly<Record<string, readonly string[]>> = {
  linux: ["linux", "ubuntu", "unix"],
  darwin: ["macos", "darwin", "mac", "osx", "unix"],
  win32: ["windows", "win32"],
};

/** `git`, or with the least version that will do: `git>=2.30`. */
async function unmetTool(wanted: string, { env, workspace }: Machine): Promise<string[]> {
  const [, tool = wanted, least] = /^\s*([^\s<>=]+)\s*>=\s*(\d+(?:\.\d+)*)\s*$/.exec(wanted) ?? [];
  if (/[\s<>=]/.test(tool.trim())) return [`\`${wanted}\` is no program; write it as \`git\` or \`git>=2.30\``];
  const path = await onPath(tool.trim(), env);
  if (path === null) return [`the program \`${tool.trim()}\` is not on PATH`];
  if (least === undefined) return [];
  const { output } = await run(path, ["--version"], { env, cwd: workspace });
  const found = /\d+(?:\.\d+)+|\d+/.exec(output)?.[0];
  if (found === undefined) return [`\`${tool} --version\` tells no version, and ${least} is needed`];
  return isAtLeast(found, least) ? [] : [`\`${tool}\` is version ${found}, and ${least} is needed`];
}

function isAtLeast(found: string, least: string): boolean {
  const [own, wanted] = [found, least].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (const [index, part] of wanted.entries()) {
    const other = own[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}

/** What a program says of itself; it gets ten seconds for that. */
async function run(
  path: string,
  args: readonly string[],
  { env, cwd }: { env: Readonly<Record<string, string>>; cwd: string },
): Promise<{ code: number; output: string }> {
  const options = { env: { ...env }, cwd, timeout: 10_000, maxBuffer: 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(path, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}

async function onPath(tool: string, env: Readonly<Record<string, string>>): Promise<string | null> {
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((part) => part !== "")) {
    for (const ending of endings) {
      const path = join(folder, tool + ending);
      if (await isFile(path)) return path;
    }
  }
  return null;
}

async function isInRepository(folder: string): Promise<boolean> {
  const isThere = await stat(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  if (isThere) return true;
  const parent = dirname(folder);
  return parent !== folder && isInRepository(parent);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
