/** From a plan's script to a process that can be asked for. */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CHECKER, COLLECTOR } from "@aither/core";
import type { EnsureRequest } from "@aither/engine";
import { findTerminalHolder, type AttemptFiles, type AttemptSpec, type DurableFs } from "@aither/supervise";
import type { ArtifactLimits } from "../config.ts";
import { TERMINAL_MEND } from "../playbooks/interpreters.ts";
import { attemptEnvironment } from "./environment.ts";
import type { Surroundings } from "./job-surroundings.ts";

/** A single argument may not have more than 128 KiB on Linux. */
const ARGUMENT_BYTES_MAX = 64 * 1024;

export type Preparation = {
  readonly request: EnsureRequest;
  readonly files: AttemptFiles;
  readonly job: Surroundings;
  readonly bell: string;
  readonly marker: string;
  readonly number: number;
  readonly fs: DurableFs;
  readonly limits: ArtifactLimits;
};

/** The order, or a sentence that says why it cannot be given. */
export async function prepare(preparation: Preparation): Promise<AttemptSpec | string> {
  const { request, files, job } = preparation;
  const { run, separateStderr, stdin = false, pty } = request.script;
  const cwd = run.cwd === "" ? request.workspace : run.cwd;
  if (!isFolder(cwd)) return `its working directory is not there: ${cwd}`;
  const collects = run.argv[0] === COLLECTOR;
  const own = ownPrograms[run.argv[0] ?? ""];
  const argv = own === undefined ? await commandLine(preparation) : ownCommand(own);
  const [program, ...rest] = argv;
  if (program === undefined) return "it names no program";
  const holder = pty === undefined ? undefined : await findTerminalHolder();
  if (pty !== undefined && holder === undefined)
    return `it wants a terminal, and nothing here can hold one: ${TERMINAL_MEND}`;
  const env = attemptEnvironment({
    ref: request.ref,
    number: preparation.number,
    files,
    artifacts: job.artifacts,
    origin: job.origin,
    planned: collects ? { ...run.env, ...limitsOf(preparation.limits) } : run.env,
    path: run.path,
  });
  return {
    files,
    bell: preparation.bell,
    argv: [program, ...rest],
    cwd,
    env,
    marker: preparation.marker,
    umask: job.origin?.umask ?? 0o022,
    separateStderr,
    stdin,
    ...(pty !== undefined && holder !== undefined && { terminal: { size: pty, holder } }),
  };
}

/** Programs of ours that attempts run. */
const ownPrograms: Readonly<Record<string, string>> = { [COLLECTOR]: "collect-main", [CHECKER]: "check-main" };

/** They are beside us: in the bundle, or as source where the daemon runs from source. */
function ownCommand(name: string): readonly string[] {
  const here = import.meta.url;
  const path = fileURLToPath(new URL(`${name}${here.endsWith(".ts") ? ".ts" : ".js"}`, here));
  return [process.execPath, ...process.execArgv, path];
}

function limitsOf({ bytesMax, filesMax }: ArtifactLimits): Record<string, string> {
  return { AITHER_COLLECT_BYTES_MAX: String(bytesMax), AITHER_COLLECT_FILES_MAX: String(filesMax) };
}

/** Inline text travels as the last argument; a long one as a file, where the shell's `-c` gives way to it. */
async function commandLine({ request, files, fs }: Preparation): Promise<readonly string[]> {
  const { argv, text } = request.script.run;
  if (text === null) return argv;
  const bytes = Buffer.from(text);
  if (bytes.length <= ARGUMENT_BYTES_MAX) return [...argv, text];
  const path = `${files.base}.text`;
  await fs.writeAtomic(path, bytes);
  return [...argv.filter((word) => !isCommandFlag(word)), path];
}

/** `-c` of shells and Python, `-e` of Node, `-Command` of PowerShell. */
function isCommandFlag(word: string): boolean {
  return word === "-c" || word === "-Command";
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
