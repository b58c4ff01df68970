/** Starts `aitherd` when nobody answers. Loaded only then. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statfsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { daemonNodeOptions, type Places, type Problem } from "@aither/protocol";
import { lockHolder, StrangerWatch } from "./node-lock-holder.ts";
import { readService, serviceCommand } from "./node-service.ts";
import type { AitherError, fail } from "./problem.ts";
import type { pause } from "./resume.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type AutostartOptions = {
  readonly places: Places;
  readonly env: Env;
  /** Path of the daemon's main file; found by itself when left out. */
  readonly entry?: string | undefined;
  /** Whether somebody answers on the socket. */
  readonly answers: () => Promise<boolean>;
  /** Told once when it takes longer than a second. */
  readonly onWaiting?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
} & Tools;

/** Handed in: this file imports nothing that is loaded anyway, so that a bundler keeps what is loaded anyway in one chunk. */
type Tools = {
  readonly refusal: (told: Problem) => AitherError;
  readonly fail: typeof fail;
  readonly pause: typeof pause;
};

/** Exit code of a starter that found the home's lock taken. */
const LOCK_TAKEN = 75;
const DISK_FAILED = 74;
const FULL_BELOW_BYTES = 65_536;
const PATIENCE_MS = 30_000;
const POLL_MS = 20;
/** After finding the lock taken, how long somebody else's daemon gets to answer before the lock is tried again. */
const TRY_AGAIN_MS = 500;
const WAITING_AFTER_MS = 1_000;
/** Who holds the lock and is no daemon is seen twice before it is told. */
const STRANGER_LOOK_MS = 1_000;

/**
 * The kernel holds the lock until the daemon is dead, so of many starters at once exactly one becomes the daemon.
 * A low descriptor number: Node closes those on exec, and no script inherits it.
 */
const script = `L=$1; shift; umask 077
exec 9>>"$L" || exit 74
if command -v flock >/dev/null 2>&1; then flock -n 9 || exit ${LOCK_TAKEN}; fi
exec "$@"`;

/** Returns when somebody answers; rejects with what the daemon said when it cannot start. */
export async function autostart(options: AutostartOptions): Promise<void> {
  const { places, answers, signal, fail, pause } = options;
  prepareHome(options);
  const begun = { at: Date.now(), logBytes: sizeOf(options.places.daemonLog) };
  let told = false;
  let child = launchService(options) ?? launch(options);
  const strangers = new StrangerWatch(places, options.entry ?? options.env["AITHER_DAEMON_ENTRY"]);
  let lookAt = begun.at + STRANGER_LOOK_MS;
  for (;;) {
    if (await answers()) return;
    signal?.throwIfAborted();
    const waitedMs = Date.now() - begun.at;
    if (child.byService) {
      if (toldWhyNot(places.home, begun)) throw whyNot(options, begun, 1);
      // A manager that is not there, or cannot start it, must not leave the user without a daemon.
      if (child.exit !== null) child = launch(options);
    }
    if (child.exit !== null) {
      if (child.exit !== LOCK_TAKEN) throw whyNot(options, begun, child.exit);
      // Somebody else starts, or stops: when nobody answers after a while, the lock may be free by now.
      if (Date.now() - child.exitAt > TRY_AGAIN_MS) child = launch(options);
    }
    if (Date.now() > lookAt) {
      lookAt = Date.now() + STRANGER_LOOK_MS;
      const stranger = strangers.look();
      if (stranger !== null) throw heldBy(stranger, options);
    }
    if (waitedMs > PATIENCE_MS) {
      const holder = lockHolder(places);
      const who = holder.is === "held" && holder.pid !== null ? ` (pid ${holder.pid})` : "";
      throw fail(
        "DAEMON_UNREACHABLE",
        `a daemon is starting at ${places.home}${who}, but did not answer within ${PATIENCE_MS / 1_000} s`,
      );
    }
    if (!told && waitedMs > WAITING_AFTER_MS) {
      told = true;
      options.onWaiting?.();
    }
    await pause(POLL_MS, signal);
  }
}

function heldBy({ who, mend }: { who: string; mend: string }, { places, fail }: AutostartOptions): AitherError {
  return fail("DAEMON_UNREACHABLE", `${who} holds the lock ${places.lock}, and is no daemon`, {
    hint: `${mend}, or use another home: --home or AITHER_HOME`,
  });
}

/** When the start began, and how long the log was then: older words are not about this start. */
type Begun = { readonly at: number; readonly logBytes: number };

type Launched = { exit: number | null; exitAt: number; readonly byService: boolean };

/** Null when this home has no service: then the daemon is ours to start. */
function launchService({ places, env }: AutostartOptions): Launched | null {
  const service = readService(places.home);
  if (service === null) return null;
  const state: Launched = { exit: null, exitAt: 0, byService: true };
  const [file, ...argv] = serviceCommand(service, "start");
  const child = spawn(file, argv, { stdio: "ignore", env: { ...env }, windowsHide: true });
  const ended = (exit: number): void => {
    // 0 means that it runs: how its start goes on is seen at its socket.
    if (exit !== 0) Object.assign(state, { exit, exitAt: Date.now() });
  };
  child.once("exit", (code) => ended(code ?? 1));
  child.once("error", () => ended(127));
  return state;
}

function launch({ places, env, entry, fail }: AutostartOptions): Launched {
  const state: Launched = { exit: null, exitAt: 0, byService: false };
  const log = openSync(places.daemonLog, "a", 0o600);
  try {
    const command = [
      process.execPath,
      ...daemonNodeOptions,
      ...daemonCommand(entry ?? env["AITHER_DAEMON_ENTRY"], fail),
      "--home",
      places.home,
    ];
    const [file, args] =
      process.platform === "win32"
        ? [command[0] ?? "", command.slice(1)]
        : ["/bin/sh", ["-c", script, "aitherd", places.lock, ...command]];
    const child: ChildProcess = spawn(file, args, {
      cwd: process.platform === "win32" ? places.home : "/",
      detached: true,
      stdio: ["ignore", log, log],
      env: daemonEnvironment(env),
      windowsHide: true,
    });
    child.once("exit", (code, killedBy) =>
      Object.assign(state, { exit: code ?? (killedBy ? 128 : 1), exitAt: Date.now() }),
    );
    child.once("error", () => Object.assign(state, { exit: 127, exitAt: Date.now() }));
    child.unref();
  } finally {
    closeSync(log);
  }
  return state;
}

/** Beside the bundle lies the daemon's bundle; beside the source, its source, which needs tsx. */
function daemonCommand(entry: string | undefined, fail: Tools["fail"]): string[] {
  const bundled = fileURLToPath(new URL("../daemon/main.js", import.meta.url));
  const source = fileURLToPath(new URL("../../../daemon/src/main.ts", import.meta.url));
  const main = entry || [bundled, source].find((path) => existsSync(path));
  if (main === undefined) throw fail("DAEMON_START_FAILED", `aitherd is not where it should be: ${bundled}`);
  if (!main.endsWith(".ts")) return [main];
  const tsx = createRequire(pathToFileURL(main)).resolve("tsx");
  return ["--import", pathToFileURL(tsx).href, main];
}

const kept =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|XDG_.*|AITHER_.*|SystemRoot|APPDATA|LOCALAPPDATA|USERPROFILE)$/i;
const dropped = /^(AITHER_HOST|AITHER_TOKEN|AITHER_PROGRESS|XDG_SESSION_.*|XDG_SEAT|XDG_VTNR)$/;
/** What a script of ours was given. By its mark a daemon that it started would be taken for a part of that attempt. */
const ofAScript = /^AITHER_(ATTEMPT.*|JOB_ID|JOB_NUMBER|VAR_.*|OUTPUT|SUMMARY|ARTIFACTS)$/;

/** The daemon outlives this terminal and serves others: it gets nothing of the terminal's or a script's environment. */
function daemonEnvironment(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter(
    ([name, value]) => value !== undefined && kept.test(name) && !dropped.test(name) && !ofAScript.test(name),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

function prepareHome({ places, fail }: AutostartOptions): void {
  try {
    makeFolder(places.state);
    closeSync(openSync(places.lock, "a", 0o600));
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT")
      throw fail("DISK_FAILED", `${places.home}: ${message}`, { cause: error });
    throw fail("HOME_UNUSABLE", `${places.home} cannot be used as a home: ${message}`, { cause: error });
  }
}

/** With its parents, 0700. Node's own `recursive` turns for ever below `/proc`. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, 0o700);
  }
}

/** The daemon writes what kept it from starting. */
function toldWhyNot(home: string, begun: Begun): boolean {
  const written = statSync(startProblemOf(home), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written >= begun.at - 1_000;
}

function startProblemOf(home: string): string {
  return join(home, "start-problem.json");
}

/** In the daemon's words; otherwise the end of its log is the best there is. */
function whyNot({ places, fail, refusal }: AutostartOptions, begun: Begun, exit: number): AitherError {
  try {
    if (toldWhyNot(places.home, begun))
      return refusal(JSON.parse(readFileSync(startProblemOf(places.home), "utf8")) as Problem);
  } catch {
    // It died before it could say why.
  }
  // A full disk takes the daemon's last words, too.
  if (exit === DISK_FAILED || isFull(places.home)) {
    return fail("DISK_FAILED", `${places.home}: the disk failed or is full`);
  }
  const words = lastWords(places.daemonLog, begun.logBytes);
  // Refused before it knew its home: the document is in the log.
  if (words.startsWith('{"apiVersion"')) return refusal(JSON.parse(words) as Problem);
  const detail = `aitherd ended with exit code ${exit} while starting${words && `: ${words.slice(0, 300)}`}`;
  return fail("DAEMON_START_FAILED", detail, { hint: `see ${places.daemonLog}` });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}

function lastWords(path: string, from: number): string {
  try {
    const lines = readFileSync(path)
      .subarray(from)
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^\s+at |^Node\.js v/.test(line));
    const line = lines.findLast((one) => /error/i.test(one)) ?? lines.at(-1);
    return line?.trim() ?? "";
  } catch {
    return "";
  }
}
