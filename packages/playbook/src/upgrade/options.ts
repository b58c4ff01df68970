import type { Json, Playbook, PlaybookBackoff } from "@aither/protocol";
import { type Fields, isObject } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { compact, readBackoff } from "./common.ts";
import { readSummaryOptions, type WantedReports } from "./reports.ts";

/** What an old file says of all of its stages, in `Options`, `Configuration` and `ErrorHandling`. */
export type OldOptions = {
  /** Whether entries of one parallel group may run side by side. */
  readonly sideBySide: boolean;
  /** `StopOnError = $false`: a failed stage stops nobody, and still counts as failed. */
  readonly goesOn: boolean;
  /** The whole file's `continueOnError`. */
  readonly whole: boolean | string | undefined;
  readonly maxConcurrency: number | string | undefined;
  readonly timeout: number | string | undefined;
  readonly retries: number | string | undefined;
  readonly backoff: PlaybookBackoff | undefined;
  readonly profile: string | undefined;
  readonly reports: WantedReports;
  /** What nobody understood, as it was written. */
  readonly kept: Readonly<Record<string, Json>>;
};

/** The words of upstream's error handling that let a run go on. */
const goingOn = /^(continue|log|warn|ignore|silentlycontinue)$/i;

const stopping = /^(continue|log|warn|ignore|silentlycontinue|stop|abort|fail|halt|exit|throw)$/i;

/** A word that nobody knows does nothing. */
function reportWord(fields: Fields | undefined, key: string, word: string | undefined, known: RegExp): void {
  if (fields === undefined || word === undefined || known.test(word)) return;
  notEnforced(fields, [...fields.path, key], `\`${word}\` is no word that means something here`);
}

export function readOldOptions(fields: Fields): OldOptions {
  const options = fields.object("options", "configuration");
  const word = fields.textsIfAny("errorHandling")?.[0];
  const errors = word === undefined ? fields.object("errorHandling") : undefined;
  const minutes = options?.countOrTemplate("timeoutMinutes");
  const onStage = errors?.text("onStageFailure") ?? word;
  if (word !== undefined && !goingOn.test(word) && !/^(stop|fail|abort|stopOnError)$/i.test(word)) {
    notEnforced(fields, [...fields.path, "errorHandling"], "it is neither Continue nor Stop");
  }
  const mode = options?.text("mode");
  reportWord(options, "Mode", mode, /^(sequential|parallel)$/i);
  reportWord(errors, "OnStageFailure", onStage, stopping);
  const result = compact<OldOptions>({
    sideBySide: (options?.flag("parallel") ?? true) && mode?.toLowerCase() !== "sequential",
    goesOn: options?.flag("stopOnError") === false || (onStage !== undefined && goingOn.test(onStage)),
    whole:
      fields.flagOrTemplate("continueOnError") ??
      options?.flagOrTemplate("continueOnError") ??
      errors?.flagOrTemplate("continueOnError"),
    maxConcurrency: options?.countOrTemplate("maxConcurrency", "maxParallelJobs"),
    timeout: options?.secondsOrTemplate("timeout") ?? (typeof minutes === "number" ? minutes * 60 : undefined),
    retries:
      errors?.countOrTemplate("retryCount", "maxRetries", "retries") ??
      options?.countOrTemplate("retryCount", "maxRetries", "retries"),
    backoff: (errors && readBackoff(errors)) ?? (options && readBackoff(options)),
    profile: profileOf(fields, options),
    reports: readSummaryOptions(options),
    kept: {},
  });
  const kept = [options, errors].map((part) => (part ? settleRest(part) : {}));
  return { ...result, kept: Object.assign({}, ...kept) as Record<string, Json> };
}

/** A profile that the file has is its default; another one is a configuration of the engine it was written for. */
function profileOf(fields: Fields, options: Fields | undefined): string | undefined {
  const known = [fields.raw("profiles")?.value, options?.has("profiles") ? options.raw("profiles")?.value : undefined]
    .flatMap((profiles) => (isObject(profiles) ? Object.keys(profiles) : []))
    .map((name) => name.toLowerCase());
  for (const from of [fields, options]) {
    const name = from?.text("profile");
    if (from === undefined || name === undefined) continue;
    if (known.includes(name.toLowerCase())) return name;
    notEnforced(from, [...from.path, "Profile"], "it names a configuration of the engine it was written for");
  }
  return undefined;
}

/** What is so in any case needs no word; the rest is listed. */
const always: Readonly<Record<string, boolean>> = {
  captureoutput: true,
  noninteractive: true,
  rollbackonfailure: false,
};
const reasons: Readonly<Record<string, string>> = {
  captureoutput: "output is always kept",
  noninteractive: "scripts have no terminal; a step with `stdin: true` may ask",
  rollbackonfailure: "write `undo` for the steps, or `Rollback`",
  onscripterror: "a script's own `continueOnError` decides",
};

function settleRest(fields: Fields): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(fields.rest())) {
    const lower = key.toLowerCase();
    fields.ignore(key);
    if (lower === "profiles") continue;
    if (lower in always && always[lower] === value) continue;
    notEnforced(fields, [...fields.path, key], reasons[lower] ?? "this key has no meaning here");
    kept[key] = value;
  }
  return kept;
}

/** As the defaults of the model. */
export function defaultsWith(
  defaults: Playbook["orchestration"]["defaults"],
  { whole, retries, backoff, profile }: OldOptions,
): Playbook["orchestration"]["defaults"] {
  const made = { ...compact<object>({ continueOnError: whole, retries, backoff, profile }), ...defaults };
  return Object.keys(made).length === 0 ? undefined : made;
}
