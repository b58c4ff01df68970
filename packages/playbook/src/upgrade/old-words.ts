import { conjunction, hasTemplate } from "@aither/expression";
import type { PlaybookBackoff, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { type Fields, flagOf } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { compact, inlineStep, keepRest, readBackoff } from "./common.ts";

/**
 * What stages and scripts of older formats say in words of their own: `Required = $false` and `OnError = 'Continue'` (it
 * may fail), `SkipInCI`, `Enabled = $false`, `Platform = 'Windows'` (where it runs). These words are nobody's format: what
 * is none of their values is listed, not refused.
 */
export function addOldWords(part: PlaybookStage | PlaybookStep, fields: Fields): void {
  const demand = (condition: string): void => {
    part.if = part.if === undefined ? condition : conjunction(condition, part.if);
  };
  const mayFail = fields.flag("required") === false;
  if (looseFlag(fields, "optional") === true || mayFail || goesOn(fields)) part.continueOnError ??= true;
  if (fields.flag("skipInCI") === true) demand("-not $env:CI");
  const enabled = looseFlag(fields, "enabled");
  if (typeof enabled === "string") demand(enabled);
  else if (enabled === false) demand("false");
  if (looseFlag(fields, "disabled") === true) demand("false");
  const platform = platformCondition(fields);
  if (platform !== "") demand(platform);
}

/** A truth value or a template; anything else is listed. */
function looseFlag(fields: Fields, name: string): boolean | string | undefined {
  const [text, ...more] = fields.textsIfAny(name) ?? [];
  if (text === undefined) return undefined;
  const flag = more.length === 0 ? (flagOf(text) ?? (hasTemplate(text) ? text : undefined)) : undefined;
  if (flag === undefined) notEnforced(fields, [...fields.path, name], "it is neither true nor false");
  return flag;
}

/** PowerShell's words for what to do about an error. */
function goesOn(fields: Fields): boolean {
  const [word = "stop"] = fields.textsIfAny("onError", "errorAction") ?? [];
  const goes = /^(continue|silentlycontinue|ignore)$/i.test(word);
  if (!goes && !/^(stop|fail|abort)$/i.test(word)) {
    notEnforced(fields, [...fields.path, "onError"], "it is neither Continue nor Stop");
  }
  return goes;
}

/** "" where every platform will do. */
function platformCondition(fields: Fields): string {
  const names = fields.textsIfAny("platforms", "platform") ?? [];
  const known = names.map((name) => {
    if (/^(all|any|\*|cross-?platform)$/i.test(name)) return "";
    if (/^win/i.test(name)) return "$IsWindows";
    if (/^(linux|ubuntu|debian)/i.test(name)) return "$IsLinux";
    return /^(mac|darwin|osx)/i.test(name) ? "$IsMacOS" : null;
  });
  if (known.includes(null)) notEnforced(fields, [...fields.path, "platform"], "nobody knows this platform here");
  return known.includes(null) || known.includes("") ? "" : known.join(" -or ");
}

type Again = Pick<PlaybookStep, "retries" | "backoff">;

/** `RetryCount = 2`, `Retry = 2`, or `Retry = @{ MaxAttempts = 3; DelaySeconds = 5 }`, whose attempts count the first, too. */
export function readRetries(fields: Fields): Again {
  const plain = fields.countOrTemplate("retries", "retryCount", "maxRetries");
  const [single] = fields.textsIfAny("retry") ?? [];
  const isCount = single !== undefined && /^\d+$/.test(single);
  if (single !== undefined && !isCount) notEnforced(fields, [...fields.path, "retry"], "it is no number");
  const inner = single === undefined ? fields.object("retry", "retryPolicy") : undefined;
  const attempts = inner?.countOrTemplate("maxAttempts", "attempts");
  const own = inner?.countOrTemplate("count", "retries", "maxRetries", "retryCount");
  const more = typeof attempts === "number" ? Math.max(0, attempts - 1) : attempts;
  const backoff = readBackoff(fields) ?? (inner && innerBackoff(inner));
  if (inner) keepRest({}, inner);
  return compact<Again>({ retries: plain ?? own ?? more ?? (isCount ? Number(single) : undefined), backoff });
}

function innerBackoff(inner: Fields): PlaybookBackoff | undefined {
  const delay = inner.countOrTemplate("delay");
  return readBackoff(inner) ?? (typeof delay === "number" ? { initial: delay, factor: 1 } : undefined);
}

/** Text that is a script rather than the name of one: several lines, a command of PowerShell, something with arguments. */
export function inlineText(text: string): PlaybookStep | null {
  const isName = /^\s*([!\d*]|(stage|tag)\s*:)/i.test(text);
  const isCode = /[\n;|${}]|\b[A-Z][a-z]+-[A-Z]\w+\s|\s--?[a-z]|\s['"]/i.test(text.trim());
  return isCode && !isName ? inlineStep(text, undefined) : null;
}
