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
  for (const line of comments) {
    const found = /^\s*(Stage|Dependencies|Description|Tags|Condition|AllowParallel)\s*:\s*(.*?)\s*$/i.exec(line);
    if (found && !fields.has(found[1]!.toLowerCase())) fields.set(found[1]!.toLowerCase(), found[2]!);
  }
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

/** The comments at the top of a file, without their marks. Other lines end them, except a few that stand before headers. */
function commentLines(text: string): string[] {
  const lines: string[] = [];
  let block: RegExp | null = null;
  for (const line of text.slice(0, HEADER_BYTES).split(/\r?\n/).slice(0, LINES_MAX)) {
    const trimmed = line.trim().replace(/^\uFEFF/, "");
    if (block) {
      const end = trimmed.search(block);
      lines.push(end < 0 ? line : trimmed.slice(0, end));
      if (end >= 0) block = null;
    } else if (/^(<#|\/\*|""")/.test(trimmed)) {
      const mark = trimmed.slice(0, 2);
      block = mark === "<#" ? /#>/ : mark === "/*" ? /\*\// : /"""/;
      const rest = trimmed.slice(mark === '""' ? 3 : 2);
      lines.push(rest.replace(/^\*+/, ""));
      if (block.test(rest)) block = null;
    } else {
      const comment = /^(?:#+|\/\/+|--|::|rem\s)(.*)$/i.exec(trimmed);
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
  const end = rest.findIndex((line) => /^\s*\.[A-Z]{3,}/.test(line));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}

function list(text: string | undefined): string[] {
  const bare = /^(?:@\(|\[)(.*)[)\]]$/.exec(text ?? "")?.[1] ?? text ?? "";
  return bare
    .split(/[,;]/)
    .map((item) => item.trim().replaceAll(/^['"]|['"]$/g, ""))
    .filter((item) => item !== "" && !/^none$/i.test(item));
}
