import { type Fields, textOf } from "../fields.ts";
import { pathText } from "../finding.ts";
import type { Json } from "@aither/protocol";

/** What people read and nothing acts on: text, or a list of it. Anything else is listed, for nobody is stopped by a label. */
export function readLabel(fields: Fields, name: string): string | undefined {
  const texts = fields.textsIfAny(name);
  if (texts !== undefined) return texts.length === 0 ? undefined : texts.join(", ");
  listIfThere(fields, name, "a label is a text");
  return undefined;
}

/** A list, or one text with commas. */
export function readTags(fields: Fields): string[] | undefined {
  const texts = fields.textsIfAny("tags");
  listIfThere(fields, "tags", "tags are texts");
  return texts?.flatMap((text) => text.split(",").map((tag) => tag.trim())).filter((tag) => tag !== "");
}

/** `environment: production` names one and gives scripts nothing; a map is their environment. */
export function readOldEnvironment(fields: Fields): Record<string, string> | undefined {
  return namesEnvironment(fields) ? fields.environment("env") : fields.environment("env", "environment");
}

export function namesEnvironment(fields: Fields): boolean {
  const names = fields.textsIfAny("environment");
  if (names === undefined || names.length === 0) return false;
  list(fields, "environment", "it names an environment; variables of scripts stand in a map");
  return true;
}

function listIfThere(fields: Fields, name: string, reason: string): void {
  const found = fields.raw(name);
  if (found !== undefined && !isTexts(found.value)) list(fields, name, reason);
}

function isTexts(value: Json): boolean {
  const items = Array.isArray(value) ? (value as Json[]) : [value];
  return items.every((item) => textOf(item) !== undefined);
}

function list(fields: Fields, what: string, reason: string): void {
  fields.gathering.notEnforced.push({ what, where: pathText([...fields.path, what]), reason });
}
