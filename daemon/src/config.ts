/** Settings of the daemon: defaults ← user's file ← environment ← flags. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { logLimitOf, problem, type LogLimit } from "@aither/protocol";
import { errorCode } from "./store/errors.ts";
import { SECRET_NAMES_DEFAULT } from "./secrets/names.ts";
import { StartRefused } from "./store/format.ts";

export type Config = {
  /** `--home`, as it was given. */
  readonly home: string | undefined;
  /** Live scripts at once, over all jobs. */
  readonly slots: number;
  /** Slots of each named pool, from the user's file. */
  readonly pools: Readonly<Record<string, number>>;
  /** What one job may keep as artifacts. */
  readonly artifacts: ArtifactLimits;
  /** How much of a log is kept when its playbook does not say; null: all of it. */
  readonly logLimit: LogLimit | null;
  /** Environment variables with such names hold secrets; `*` stands for anything. */
  readonly secretNames: readonly string[];
  readonly cache: CacheLimits;
  readonly logLevel: string;
  /** Tests of a reboot: a file whose text stands for the machine's boot id. */
  readonly bootIdPath: string | undefined;
};

/** The least recently used goes when there is more, or when it was not used for so long. */
export type CacheLimits = { readonly bytesMax: number; readonly daysMax: number };

export type ArtifactLimits = { readonly bytesMax: number; readonly filesMax: number };

const ARTIFACT_BYTES_DEFAULT = 1024 ** 3;
const ARTIFACT_FILES_DEFAULT = 10_000;
const CACHE_BYTES_DEFAULT = 2 * 1024 ** 3;
const CACHE_DAYS_DEFAULT = 30;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const SLOTS_DEFAULT = 256;
const SLOTS_MAX = 10_000;

/** Throws `StartRefused` with SETTING_INVALID or USAGE. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const flags = readFlags(argv);
  const file = readFile(env);
  const slots = flags.slots ?? env["AITHER_SLOTS"] ?? file["slots"] ?? SLOTS_DEFAULT;
  const logLevel = flags["log-level"] ?? env["AITHER_LOG_LEVEL"] ?? file["logLevel"] ?? "info";
  if (
    !["number", "string"].includes(typeof slots) ||
    !Number.isInteger(Number(slots)) ||
    Number(slots) < 1 ||
    Number(slots) > SLOTS_MAX
  ) {
    throw invalid(`slots must be a whole number from 1 to ${SLOTS_MAX}, not ${JSON.stringify(slots)}`);
  }
  if (typeof logLevel !== "string" || !LOG_LEVELS.includes(logLevel)) {
    throw invalid(`logLevel must be one of ${LOG_LEVELS.join(", ")}, not ${JSON.stringify(logLevel)}`);
  }
  const pools = readPools(file["pools"]);
  const artifacts = {
    bytesMax: wholeNumber(file, "artifactBytesMax") ?? ARTIFACT_BYTES_DEFAULT,
    filesMax: wholeNumber(file, "artifactFilesMax") ?? ARTIFACT_FILES_DEFAULT,
  };
  const logLimit = file["logLimit"] === undefined ? null : logLimitOf(file["logLimit"]);
  if (typeof logLimit === "string") throw invalid(logLimit);
  const secretNames = readSecretNames(file["secretNames"]);
  const cache = {
    bytesMax: wholeNumber(file, "cacheBytesMax") ?? CACHE_BYTES_DEFAULT,
    daysMax: wholeNumber(file, "cacheDaysMax") ?? CACHE_DAYS_DEFAULT,
  };
  const bootIdPath = env["AITHER_TEST_BOOT_ID_FILE"];
  const { home } = flags;
  return { home, slots: Number(slots), pools, artifacts, logLimit, secretNames, cache, logLevel, bootIdPath };
}

/** `"secretNames": ["*_TOKEN", "NPM_AUTH"]` instead of the usual ones; `[]` leaves it to who starts a job. */
function readSecretNames(value: unknown): readonly string[] {
  if (value === undefined) return SECRET_NAMES_DEFAULT;
  if (Array.isArray(value) && value.every((name) => typeof name === "string" && /^[\w*]+$/.test(name))) return value;
  throw invalid(`secretNames must be names of variables, such as ["*_TOKEN"], not ${JSON.stringify(value)}`);
}

function wholeNumber(file: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = file[name];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && Number(value) >= 1) return Number(value);
  throw invalid(`${name} must be a whole number of at least 1, not ${JSON.stringify(value)}`);
}

/** `"pools": {"gpu": 1, "network": 8}` */
function readPools(value: unknown): Record<string, number> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`pools must be names with sizes, such as {"gpu": 1}, not ${JSON.stringify(value)}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, size]) => {
      if (Number.isInteger(size) && Number(size) >= 1 && Number(size) <= SLOTS_MAX) return [name, Number(size)];
      throw invalid(`the pool ${name} must have a whole number from 1 to ${SLOTS_MAX}, not ${JSON.stringify(size)}`);
    }),
  );
}

function readFlags(argv: readonly string[]): { home?: string; slots?: string; "log-level"?: string } {
  try {
    const options = { home: { type: "string" }, slots: { type: "string" }, "log-level": { type: "string" } } as const;
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    const detail = `aitherd: ${error instanceof Error ? error.message : String(error)}`;
    throw new StartRefused(
      problem("USAGE", detail, { hint: "aitherd takes --home DIR, --slots N and --log-level LEVEL" }),
    );
  }
}

function readFile(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const folder = env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  const path = join(folder, "aither", "config.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return {};
    throw invalid(`${path} cannot be read: ${String(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`${path}: settings are an object such as {"slots": 8}, not ${text.trim().slice(0, 60)}`);
}

function invalid(detail: string): StartRefused {
  return new StartRefused(problem("SETTING_INVALID", detail));
}
