/** What changed between two lists of pieces: names, never values. */
import type { Parts } from "./parts.ts";

/** More names than this are counted. */
const NAMES_MAX = 5;

/** Parts of a sentence, one at least where the keys differ. */
export function changes(before: Parts, now: Parts): string[] {
  const lines: string[] = [];
  if (before.format !== now.format) lines.push("keys are made otherwise in this version");
  if (before.platform !== now.platform) lines.push(`the platform is ${now.platform}, was ${before.platform}`);
  if (before.script !== now.script) lines.push("the script changed");
  if (before.arguments !== now.arguments) lines.push("its arguments changed");
  if (before.folder !== now.folder) lines.push(`its working directory is ${now.folder}, was ${before.folder}`);
  if (before.terminal !== now.terminal) {
    lines.push(`its terminal is ${now.terminal ?? "gone"}, was ${before.terminal ?? "none"}`);
  }
  if (before.interpreter.path !== now.interpreter.path) {
    lines.push(`its interpreter is ${now.interpreter.path}, was ${before.interpreter.path}`);
  } else if (before.interpreter.digest !== now.interpreter.digest) {
    lines.push(`its interpreter ${now.interpreter.path} changed`);
  }
  lines.push(...named("variable", before.variables, now.variables));
  lines.push(...named("environment variable", before.environment, now.environment));
  lines.push(...named("input", before.inputs, now.inputs));
  if (before.key !== now.key) lines.push("the text of its `cache.key` changed");
  if (JSON.stringify(before.outputs) !== JSON.stringify(now.outputs)) lines.push("its `cache.outputs` changed");
  return lines;
}

function named(
  what: string,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  const lines = names.flatMap((name) => {
    const was = Object.hasOwn(before, name);
    const is = Object.hasOwn(now, name);
    if (was && is) return before[name] === now[name] ? [] : [`${what} ${name} changed`];
    return [`${what} ${name} is ${is ? "new" : "gone"}`];
  });
  const more = lines.length - NAMES_MAX;
  return more > 0 ? [...lines.slice(0, NAMES_MAX), `${more} more of kind ${what}`] : lines;
}
