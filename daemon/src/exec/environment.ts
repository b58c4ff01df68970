/** The environment of an attempt: the client's, without what describes its terminal, plus the plan's, plus ours. */
import { delimiter, join } from "node:path";
import type { AttemptRef } from "@aither/protocol";
import type { AttemptFiles } from "@aither/supervise";
import type { Origin } from "../host.ts";
import { summaryPath } from "../store/summaries.ts";

/** They speak of a terminal or a login that the script has no part in, or of the shell that set them. */
const sessionVariables = new Set(
  (
    "TERM COLUMNS LINES TTY GPG_TTY SSH_TTY WINDOW WINDOWID STY TMUX TMUX_PANE TERM_PROGRAM TERM_PROGRAM_VERSION " +
    "TERM_SESSION_ID TERMINFO COLORTERM VTE_VERSION KITTY_WINDOW_ID WT_SESSION XDG_SESSION_ID XDG_SESSION_TYPE " +
    "XDG_VTNR XDG_SEAT SHLVL PWD OLDPWD _"
  ).split(" "),
);

/** What an outer job says of itself means nothing in an inner one. */
const ownVariables = /^AITHER_(JOB_ID|JOB_NUMBER|ATTEMPT|OUTPUT|ENV|PATH|SUMMARY|ARTIFACTS)$/;

export type AttemptEnvironment = {
  readonly ref: AttemptRef;
  readonly number: number;
  readonly files: AttemptFiles;
  /** Where the job's scripts put what they want to keep. */
  readonly artifacts: string;
  readonly origin: Origin | null;
  /** From the plan. */
  readonly planned: Readonly<Record<string, string>>;
  /** Folders that come before all others of the PATH. */
  readonly path?: readonly string[] | undefined;
};

/** `AITHER_ATTEMPT` is added by whoever starts the process: it is the marker by which strays are found. */
export function attemptEnvironment(attempt: AttemptEnvironment): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(attempt.origin?.env ?? {})) {
    if (!sessionVariables.has(name) && !ownVariables.test(name)) env[name] = value;
  }
  // The output goes to a file, and people look at it in terminals: programs are told that colours are welcome.
  if (env["NO_COLOR"] === undefined) {
    env["FORCE_COLOR"] ??= "1";
    env["CLICOLOR_FORCE"] ??= "1";
  }
  return {
    ...env,
    ...attempt.planned,
    ...withPath({ ...env, ...attempt.planned }, attempt.path ?? []),
    AITHER_JOB_ID: attempt.ref.jobId,
    AITHER_JOB_NUMBER: String(attempt.number),
    AITHER_OUTPUT: outputPath(attempt.files),
    AITHER_ENV: envPath(attempt.files),
    AITHER_PATH: pathPath(attempt.files),
    AITHER_SUMMARY: summaryPath(attempt.files),
    AITHER_ARTIFACTS: attempt.artifacts,
  };
}

/** Where a script writes its outputs, as `name=value` lines. */
export function outputPath(files: AttemptFiles): string {
  return `${files.base}.out`;
}

/** Where it writes what later scripts of its leg shall find in their environment, as `name=value` lines. */
export function envPath(files: AttemptFiles): string {
  return `${files.base}.env`;
}

/** Where it writes folders that later scripts of its leg shall find in front of their PATH, one a line. */
export function pathPath(files: AttemptFiles): string {
  return `${files.base}.path`;
}

function withPath(env: Readonly<Record<string, string>>, folders: readonly string[]): Record<string, string> {
  if (folders.length === 0) return {};
  // Windows spells it as it likes.
  const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  return { [name]: [...folders, env[name] ?? "/usr/local/bin:/usr/bin:/bin"].join(delimiter) };
}

export function artifactsFolder(jobFolder: string): string {
  return join(jobFolder, "artifacts");
}
