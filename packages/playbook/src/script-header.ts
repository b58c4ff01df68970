import type { ScriptEntry, ScriptParameter } from "@aither/protocol";
import { readParameters } from "./powershell-parameters.ts";

/** What a numbered script says of itself. */
export type ScriptHeader = Pick<
  ScriptEntry,
  "stage" | "description" | "dependencies" | "tags" | "condition" | "allowParallel" | "parameters"
>;

/** So much of a file is read: headers stand at the top. */
export const HEADER_BYTES = 32 * 1024;

const LINES_MAX = 150;

/**
 * Reads a script's header: `# Stage: Testing` lines (in the comment style of any language), or the same lines inside
 * PowerShell's comment-based help; its parameters from `param()`.
 */
export function readScriptHeader(text: string, isPowerShell: boolean): ScriptHeader {
  const comments = commentLines(text);
  const fields = new Map<string, string>();
  comments.forEach((line, at) => {
    const found = /^\s*(Stage|Dependencies|Description|Tags|Condition|AllowParallel)\s*:\s*(.*?)\s*$/i.exec(line);
    const name = found?.[1]!.toLowerCase() ?? "";
    if (!found || fields.has(name)) return;
    const isList = name === "dependencies" || name === "tags";
    fields.set(name, isList ? [found[2]!, ...goingOn(comments, at, found[2]!)].join(",") : found[2]!);
  });
  const parameters: ScriptParameter[] = isPowerShell ? readParameters(text) : [];
  const allowParallel = fields.get("allowparallel");
  return {
    stage: fields.get("stage") ?? "",
    description: fields.get("description") || help(comments, "SYNOPSIS") || help(comments, "DESCRIPTION"),
    dependencies: list(fields.get("dependencies")),
    tags: list(fields.get("tags")),
    condition: fields.get("condition") || null,
    allowParallel: allowParallel === undefined ? null : /^\$?true$/i.test(allowParallel),
    parameters,
  };
}

/** A list goes on in the next line behind a comma; an empty one as a list of `- item` lines. */
function goingOn(lines: readonly string[], at: number, first: string): string[] {
  const items: string[] = [];
  let last = first;
  for (const line of lines.slice(at + 1)) {
    const item = first === "" ? /^\s*[-*]\s+(.+?)\s*$/.exec(line)?.[1] : last.endsWith(",") ? line.trim() : undefined;
    if (item === undefined || item === "" || /^(\.[A-Z]|\w+\s*:)/i.test(item)) break;
    items.push(item);
    last = item;
  }
  return items;
}

/** The comments at the top of a file, without their marks. Other lines end them, except a few that stand before headers. */
function commentLines(text: string): string[] {
  const lines: string[] = [];
  let block: RegExp | null = null;
  for (const line of text
    .slice(0, HEADER_BYTES)
    .split(/\r\n?|\n/)
    .slice(0, LINES_MAX)) {
    const trimmed = line.trim().replace(/^\uFEFF/, "");
    if (block) {
      const end = trimmed.search(block);
      lines.push((end < 0 ? line : trimmed.slice(0, end)).replace(/^\s*\*+(?=\s)/, ""));
      if (end >= 0) block = null;
    } else if (/^(<#|\/\*|[rub]?("""|'''))/i.test(trimmed)) {
      const mark = /^(?:<#|\/\*|\w?(?:"""|'''))/.exec(trimmed)![0];
      block = mark === "<#" ? /#>/ : mark === "/*" ? /\*\// : mark.endsWith('"') ? /"""/ : /'''/;
      const rest = trimmed.slice(mark.length);
      const end = rest.search(block);
      lines.push((end < 0 ? rest : rest.slice(0, end)).replace(/^\*+/, ""));
      if (end >= 0) block = null;
    } else {
      const comment = /^(?:#+|\/\/+|--|::|@?rem\s)(.*)$/i.exec(trimmed);
      if (comment && !trimmed.startsWith("#!") && !/^#requires/i.test(trimmed)) lines.push(comment[1]!);
      else if (/^(param\s*\(|function\s|class\s|def\s|exit\b)/i.test(trimmed)) break;
    }
  }
  return lines;
}

/** A section of comment-based help, as one line. */
function help(lines: readonly string[], section: string): string {
  const start = lines.findIndex((line) => line.trim().toUpperCase() === `.${section}`);
  if (start < 0) return "";
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\s*\.[A-Z]{3,}/i.test(line));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}

function list(text: string | undefined): string[] {
  const bare = /^(?:@\(|\[)(.*)[)\]]$/.exec(text ?? "")?.[1] ?? text ?? "";
  // Names may hold blanks, numbers do not.
  const separator = /^\d{1,4}(\s+\d{1,4})+$/.test(bare.trim()) ? /\s+/ : /[,;]/;
  return bare
    .split(separator)
    .map((item) => item.trim().replaceAll(/^['"]|['"]$/g, ""))
    .filter((item) => item !== "" && !/^none$/i.test(item));
}
