import type { Json, PlaybookStep } from "@aither/protocol";
import type { Fields } from "../fields.ts";
import { textOf } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { compact, inlineStep, keepRest, modernTemplates, placed } from "./common.ts";

/** A post action or hook of v1, v2 and psd1: `inline`, `script`, `command`, `module`, `display`, `conditional`. */
export function readOldAction(fields: Fields): PlaybookStep[] {
  if (fields.flag("enabled") === false) {
    for (const key of Object.keys(fields.rest())) fields.ignore(key);
    return [];
  }
  const type = fields.text("type")?.toLowerCase() ?? "";
  const name = fields.text("name") ?? fields.text("description");
  fields.ignore("description", "order", "level");
  const nested = fields.object("action");
  const steps = nested ? readOldAction(nested) : readBodies(fields, type);
  const common = compact<PlaybookStep>({
    if: textOf(fields.raw("condition", "if", "when", "conditional")?.value ?? null) ?? undefined,
    timeout: fields.secondsOrTemplate("timeout", "timeoutSeconds"),
    retries: fields.countOrTemplate("retries", "retryCount"),
    continueOnError: fields.flagOrTemplate("continueOnError"),
  });
  const made = steps.map((step) => placed({ ...step, ...(name !== undefined && { name }), ...common }, fields));
  if (made.length > 0) keepRest({}, fields);
  return made;
}

function readBodies(fields: Fields, type: string): PlaybookStep[] {
  const own = modernTemplates(fields.record("parameters", "params", "with", "variables"));
  const message = fields.text("message");
  const list = fields.texts("scripts", "sequence");
  if (list) return list.map((run) => compact<PlaybookStep>({ run, with: own }));
  const inline = fields.text("inline");
  if (inline !== undefined) return [inlineStep(inline, undefined)];
  const script = fields.text("script");
  if (script !== undefined) return fromText(fields, script, own);
  const command = fields.text("command");
  if (command !== undefined) {
    if (type === "module") return [inlineStep([command, ...argumentsOf(own ?? {})].join(" "), undefined)];
    if (looksLikeSelector(command)) return [compact<PlaybookStep>({ run: command, with: own })];
    return [{ script: command, shell: shellFor(command) }];
  }
  if (message !== undefined)
    return [{ name: message.slice(0, 60), script: `printf '%s\\n' ${quoted(message)}`, shell: "sh" }];
  const path = type === "openfile" ? undefined : fields.text("path", "file");
  if (path !== undefined) return [{ run: path }];
  for (const key of Object.keys(fields.rest())) fields.ignore(key);
  const reason = type === "openfile" ? "a daemon opens no windows" : "it names nothing that could be run";
  notEnforced(fields, fields.path, reason);
  return [];
}

function fromText(fields: Fields, text: string, own: Record<string, Json> | undefined): PlaybookStep[] {
  if (looksLikeSelector(text)) return [compact<PlaybookStep>({ run: text, with: own })];
  if (/^\s*param\s*\(/i.test(text)) {
    for (const key of Object.keys(fields.rest())) fields.ignore(key);
    notEnforced(fields, fields.path, "only the engine it was written for could give this block its parameters");
    return [];
  }
  // Words for people: neither a program with arguments of its kind nor PowerShell.
  if (/^[A-Z][a-z]+( [a-z]+)+$/.test(text.trim())) {
    notEnforced(fields, fields.path, "it is a description, not a script");
    return [];
  }
  return [inlineStep(text, undefined)];
}

/** A command line that every shell reads alike goes to the plainest one. */
function shellFor(command: string): "sh" | "pwsh" {
  return /\$|@[({]|\b[A-Z][a-z]+-[A-Z]\w+/.test(command) ? "pwsh" : "sh";
}

function argumentsOf(own: Readonly<Record<string, Json>>): string[] {
  return Object.entries(own).flatMap(([name, value]) => {
    if (typeof value === "boolean") return [`-${name}:$${value}`];
    const text = textOf(value);
    return text === undefined ? [] : [`-${name}`, quotedForPowerShell(text)];
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quotedForPowerShell(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A text that names scripts, rather than being one. */
export function looksLikeSelector(text: string): boolean {
  const bare = text.trim();
  if (/[\r\n]/.test(bare)) return false;
  const comment = bare.search(/\s#/);
  const [first = "", ...others] = (comment < 0 ? bare : bare.slice(0, comment)).trimEnd().split(",");
  return others.length > 0 ? isSelector(first.trimEnd()) : isSelector(first.replace(/(?:\s+!?\d{1,4})+$/, ""));
}

function isSelector(text: string): boolean {
  return /^(?:!?\d{1,4}(?:[_-][\w.-]+)?|\d*\*|(?:stage|tag):.+|[\w./\\-]+\.(?:ps1|sh|py|m?js|ts|cmd|bat|exe))$/i.test(
    text,
  );
}
