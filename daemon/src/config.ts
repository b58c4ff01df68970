/** Settings of the daemon: defaults ← user's file ← environment ← flags. The table of them is in @aither/protocol. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { parseArgs } from "node:util";
import {
  environmentSource,
  findSetting,
  isSettingName,
  problem,
  settingsFileOf,
  type LogLimit,
  type SettingName,
  type SettingSource,
  type SettingValue,
} from "@aither/protocol";
import type { CgroupSetting } from "./exec/cgroups.ts";
import { errorCode } from "./store/errors.ts";
import { StartRefused } from "./store/format.ts";

export type Config = {
  /** `--home`, as it was given. */
  readonly home: string | undefined;
  /** Live scripts at once, over all jobs. */
  readonly slots: number;
  /** Slots of each named pool. */
  readonly pools: Readonly<Record<string, number>>;
  /** What one job may keep as artifacts. */
  readonly artifacts: ArtifactLimits;
  /** How much of a log is kept when its playbook does not say; null: all of it. */
  readonly logLimit: LogLimit | null;
  /** Environment variables with such names hold secrets; `*` stands for anything. */
  readonly secretNames: readonly string[];
  readonly cache: CacheLimits;
  /** `auto`: each attempt gets a control group where this daemon may make one. */
  readonly cgroup: CgroupSetting;
  /** Whether viewers may read what scripts wrote. */
  readonly viewerLogs: boolean;
  readonly keep: KeepLimits;
  readonly logLevel: string;
  /** Keys of the user's file that mean nothing here: told in the log, because a newer aither may know them. */
  readonly unknown: readonly string[];
  /** Tests of a reboot: a file whose text stands for the machine's boot id. */
  readonly bootIdPath: string | undefined;
};

/** The least recently used goes when there is more, or when it was not used for so long. */
export type CacheLimits = { readonly bytesMax: number; readonly daysMax: number };

export type ArtifactLimits = { readonly bytesMax: number; readonly filesMax: number };

/** A finished job stays that either keeps; with neither, all stay. */
export type KeepLimits = { readonly days: number | null; readonly jobs: number | null };

/** Throws `StartRefused` with SETTING_INVALID or USAGE. */
export async function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Config> {
  const { home, ...flags } = readFlags(argv);
  const file = await readFile(settingsFileOf(env, homedir()));
  const sources: readonly SettingSource[] = [
    { origin: "flag", where: (name) => `--${flagNames[name] ?? name}`, values: flags },
    environmentSource(env),
    { origin: "user", where: () => file.path, values: file.values },
  ];
  const wrong: string[] = [];
  const value = <Name extends SettingName>(name: Name): SettingValue<Name> => {
    const found = findSetting(name, sources);
    if (found.is === "value") return found.value as SettingValue<Name>;
    wrong.push(found.origin === "user" ? name : `${found.where}: ${found.what}`);
    return undefined as unknown as SettingValue<Name>;
  };
  const config: Config = {
    home,
    slots: value("slots"),
    pools: value("pools"),
    artifacts: { bytesMax: value("artifactBytesMax"), filesMax: value("artifactFilesMax") },
    logLimit: value("logLimit"),
    secretNames: value("secretNames"),
    cache: { bytesMax: value("cacheBytesMax"), daysMax: value("cacheDaysMax") },
    keep: { days: value("keepDays"), jobs: value("keepJobs") },
    cgroup: value("cgroup"),
    viewerLogs: value("viewerLogs"),
    logLevel: value("logLevel"),
    unknown: Object.keys(file.values).filter((name) => !isSettingName(name)),
    bootIdPath: env["AITHER_TEST_BOOT_ID_FILE"],
  };
  const [first] = wrong;
  if (first === undefined) return config;
  const told = isSettingName(first) ? findSetting(first, sources) : undefined;
  throw invalid(told?.is === "wrong" ? `${await placed(file, [first])}: ${told.what}` : first);
}

const flagNames: Readonly<Record<string, string>> = { logLevel: "log-level" };

function readFlags(argv: readonly string[]): { home: string | undefined; slots?: unknown; logLevel?: string } {
  try {
    const options = { home: { type: "string" }, slots: { type: "string" }, "log-level": { type: "string" } } as const;
    const { home, slots, "log-level": logLevel } = parseArgs({ args: [...argv], options }).values;
    return {
      home,
      ...(slots !== undefined && { slots: /^\d+$/.test(slots) ? Number(slots) : slots }),
      ...(logLevel !== undefined && { logLevel }),
    };
  } catch (error) {
    const detail = `aitherd: ${error instanceof Error ? error.message : String(error)}`;
    throw new StartRefused(
      problem("USAGE", detail, { hint: "aitherd takes --home DIR, --slots N and --log-level LEVEL" }),
    );
  }
}

type File = { readonly path: string; readonly text: string; readonly values: Readonly<Record<string, unknown>> };

async function readFile(path: string): Promise<File> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { path, text: "", values: {} };
    throw invalid(`${path} cannot be read: ${String(error)}`);
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw invalid(`${await placed({ path, text }, null)}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw invalid(`${path}:1:1: the settings must be a JSON object`);
  return { path, text, values: values as Record<string, unknown> };
}

/** `file:line:col` of a key's value, or of the first mistake. Loaded only then: the lock comes before everything heavy. */
async function placed({ path, text }: Pick<File, "path" | "text">, at: readonly string[] | null): Promise<string> {
  const { walkJson } = await import("@aither/playbook");
  const walk = walkJson(text, at);
  return walk.is === "not-found" ? path : `${path}:${walk.place.line}:${walk.place.col}`;
}

function invalid(detail: string): StartRefused {
  return new StartRefused(problem("SETTING_INVALID", detail));
}
