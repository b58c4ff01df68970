/**
 * Every setting there is, once: the daemon reads itself by this table, `aither config` shows and changes it, and
 * docs/settings.md is printed from it. Pure.
 */
import { bytesOfSize, logLimitOf, type KeptEnds } from "./size.ts";

/** `daemon`: read when the daemon starts. `command`: read by each command, and may differ by workspace. */
export type SettingReader = "daemon" | "command";

export type Setting<Value = unknown> = {
  /** What kind of value, in words. */
  readonly type: string;
  readonly default: Value;
  /** The value, or what is wrong with it: the end of a sentence that begins with the setting's name. */
  readonly read: (value: unknown) => { readonly value: Value } | { readonly wrong: string };
  /** It may be given on this command line, too. */
  readonly flag?: string;
  readonly reader: SettingReader;
  readonly about: string;
};

const SLOTS_MAX = 10_000;
const DAYS_MAX = 36_500;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const PROGRESS = ["auto", "plain", "json", "quiet"];

const SECRET_NAMES_DEFAULT: readonly string[] = [
  "*_TOKEN",
  "*_SECRET",
  "*_PASSWORD",
  "*_PASSPHRASE",
  "*_API_KEY",
  "*_ACCESS_KEY",
  "*_SECRET_KEY",
  "*_PRIVATE_KEY",
  "*_CREDENTIALS",
  "*_CONNECTION_STRING",
];

export const settings = {
  slots: whole({
    range: [1, SLOTS_MAX],
    default: 256,
    flag: "aitherd --slots",
    about: "scripts that run at once, over all jobs",
  }),
  pools: setting<Readonly<Record<string, number>>>({
    type: 'names with sizes, such as {"gpu": 1}',
    default: {},
    read: readPools,
    about: "slots of each named pool: what jobs of `--pool NAME` run at once",
  }),
  keepDays: whole({
    range: [1, DAYS_MAX],
    default: null,
    about:
      "finished jobs of the last so many days stay, older ones are removed by themselves; `none`: nothing is removed",
  }),
  keepJobs: whole({
    range: [1, Number.MAX_SAFE_INTEGER],
    default: null,
    about:
      "so many of the newest finished jobs stay, the others are removed by themselves; with `keepDays`, too, a job stays that either keeps",
  }),
  logLimit: setting<KeptEnds | null>({
    type: "a size, such as 50MB, or {head, tail}, or none",
    default: null,
    read: (value) => {
      const limit = logLimitOf(value);
      return typeof limit === "string" ? { wrong: `is none: ${limit}` } : { value: limit };
    },
    about: "how much of a script's log is kept, unless its playbook says so",
  }),
  artifactBytesMax: size({ default: 1024 ** 3, about: "what one job may keep as artifacts" }),
  artifactFilesMax: whole({
    range: [1, Number.MAX_SAFE_INTEGER],
    default: 10_000,
    about: "how many files that may be",
  }),
  cacheBytesMax: size({ default: 2 * 1024 ** 3, about: "what the cache of results may take; the least used go first" }),
  cacheDaysMax: whole({ range: [1, DAYS_MAX], default: 30, about: "results that nobody used for so many days go" }),
  secretNames: setting<readonly string[]>({
    type: 'names of variables, such as ["*_TOKEN"]; `*` stands for anything',
    default: SECRET_NAMES_DEFAULT,
    read: (value) =>
      Array.isArray(value) && value.every((name) => typeof name === "string" && /^[\w*]+$/.test(name))
        ? { value: value as string[] }
        : { wrong: `must be names of variables, such as ["*_TOKEN"], not ${JSON.stringify(value)}` },
    about: "environment variables that hold secrets without being named",
  }),
  cgroup: word({
    words: ["auto", "off"] as const,
    default: "auto",
    about: "a control group for each attempt where the daemon may make one, so that no child escapes; or none",
  }),
  viewerLogs: flag({ default: true, about: "whether viewers may read what scripts wrote" }),
  logLevel: word({
    words: LOG_LEVELS,
    default: "info",
    flag: "aitherd --log-level",
    about: "how much the daemon says in its log",
  }),
  progress: word({
    words: PROGRESS,
    default: "auto",
    flag: "aither orch --progress",
    reader: "command",
    about: "how a job is shown that is followed",
  }),
} satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof settings;
export type SettingValue<Name extends SettingName> = (typeof settings)[Name]["default"];

/** Where a value may come from; an earlier one wins. */
export type SettingOrigin = "flag" | "environment" | "workspace" | "user" | "default";

export type SettingSource = {
  readonly origin: Exclude<SettingOrigin, "default">;
  /** A file's path, a variable's or a flag's name. */
  readonly where: (name: SettingName) => string;
  readonly values: Readonly<Record<string, unknown>>;
};

export type SettingFound =
  | { readonly is: "value"; readonly value: unknown; readonly origin: SettingOrigin; readonly where: string | null }
  | { readonly is: "wrong"; readonly what: string; readonly origin: SettingOrigin; readonly where: string };

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** `keepDays` → `AITHER_KEEP_DAYS`. */
export function settingVariable(name: string): string {
  return `AITHER_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The first source that says something decides, also when what it says is wrong. */
export function findSetting(name: SettingName, sources: readonly SettingSource[]): SettingFound {
  const setting: Setting = settings[name];
  for (const { origin, where, values } of sources) {
    const value = values[name];
    if (value === undefined) continue;
    const read = setting.read(value);
    if ("wrong" in read) return { is: "wrong", what: `${name} ${read.wrong}`, origin, where: where(name) };
    return { is: "value", value: read.value, origin, where: where(name) };
  }
  return { is: "value", value: setting.default, origin: "default", where: null };
}

/** What the environment says, as if it stood in a file. */
export function environmentSource(env: Readonly<Record<string, string | undefined>>): SettingSource {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(settings)) {
    const text = env[settingVariable(name)];
    if (text !== undefined && text !== "") values[name] = valueOfText(text);
  }
  return { origin: "environment", where: settingVariable, values };
}

/** What is written in a shell: JSON where it is some, else a text. */
export function valueOfText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The user's settings file. */
export function settingsFileOf(env: Readonly<Record<string, string | undefined>>, homedir: string): string {
  return `${env["XDG_CONFIG_HOME"] || `${homedir}/.config`}/aither/config.json`;
}

type Given<Value> = Omit<Setting<Value>, "reader"> & { readonly reader?: SettingReader };

function setting<Value>({ reader = "daemon", ...rest }: Given<Value>): Setting<Value> {
  return { ...rest, reader };
}

type Numbered<Value> = { default: Value; about: string; flag?: string };

function whole<Value extends number | null>(
  given: Numbered<Value> & { range: readonly [number, number] },
): Setting<Value extends null ? number | null : number> {
  const { range, ...rest } = given;
  const [min, max] = range;
  const isOpen = max === Number.MAX_SAFE_INTEGER;
  const mayBeNone = given.default === null;
  const type = `${isOpen ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`}${mayBeNone ? ", or none" : ""}`;
  return setting<number | null>({
    ...rest,
    type,
    read: (value) => {
      if (mayBeNone && value === "none") return { value: null };
      const isOne = typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
      return isOne ? { value } : { wrong: `must be ${type}, not ${JSON.stringify(value)}` };
    },
  }) as Setting<Value extends null ? number | null : number>;
}

function size(given: Numbered<number>): Setting<number> {
  return setting({
    ...given,
    type: "a size in bytes, such as 2GiB",
    read: (value) => {
      const bytes = bytesOfSize(value);
      return bytes === null || bytes < 1
        ? { wrong: `must be a size of at least one byte, such as 2GiB, not ${JSON.stringify(value)}` }
        : { value: bytes };
    },
  });
}

function flag(given: Numbered<boolean>): Setting<boolean> {
  return setting({
    ...given,
    type: "true or false",
    read: (value) =>
      typeof value === "boolean" ? { value } : { wrong: `must be true or false, not ${JSON.stringify(value)}` },
  });
}

function word<const Word extends string>(
  given: Numbered<NoInfer<Word>> & { words: readonly Word[]; reader?: SettingReader },
): Setting<Word> {
  const { words, ...rest } = given;
  return setting({
    ...rest,
    type: words.join(", "),
    read: (value) =>
      (words as readonly unknown[]).includes(value)
        ? { value: value as Word }
        : { wrong: `must be one of ${words.join(", ")}, not ${JSON.stringify(value)}` },
  });
}

function readPools(value: unknown): { value: Readonly<Record<string, number>> } | { wrong: string } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { wrong: `must be names with sizes, such as {"gpu": 1}, not ${JSON.stringify(value)}` };
  for (const [name, slots] of Object.entries(value)) {
    if (Number.isInteger(slots) && Number(slots) >= 1 && Number(slots) <= SLOTS_MAX) continue;
    return { wrong: `has no whole number from 1 to ${SLOTS_MAX} for ${name}, but ${JSON.stringify(slots)}` };
  }
  return { value: value as Readonly<Record<string, number>> };
}
