import type { ScriptParameter } from "@aither/protocol";
import { beginLooking, closing, commentEnd, doubleQuoted, singleQuoted } from "./psd1-text.ts";

/** The parameters of a script's own `param()` block, read as text: nothing is run. */
export function readParameters(text: string): ScriptParameter[] {
  beginLooking(text);
  const open = paramBlock(text);
  if (open === null) return [];
  const end = closing(text, open, "(", ")");
  if (end === null) return [];
  return split(text.slice(open + 1, end - 1)).flatMap((part) => readParameter(part) ?? []);
}

/** The offset of the bracket of the first `param(` that is no comment and in no function. */
function paramBlock(text: string): number | null {
  for (let at = 0; at < text.length; at += 1) {
    const skip =
      commentEnd(text, at) ??
      (text[at] === "'" ? singleQuoted(text, at)?.end : text[at] === '"' ? doubleQuoted(text, at)?.end : undefined);
    if (skip !== undefined) {
      at = skip - 1;
      continue;
    }
    const rest = text.slice(at, at + 40);
    if (/^function\s/i.test(rest) && !/\w/.test(text[at - 1] ?? " ")) return null;
    const found = /^param\s*\(/i.exec(rest);
    if (found && !/[\w$-]/.test(text[at - 1] ?? " ")) return at + found[0].length - 1;
  }
  return null;
}

/** Cuts at the commas that stand in no bracket, text or comment. */
function split(block: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < block.length; at += 1) {
    const next = block[at]!;
    const comment = commentEnd(block, at);
    if (comment !== null) {
      at = comment - 1;
      continue;
    }
    const end =
      next === "'"
        ? singleQuoted(block, at)?.end
        : next === '"'
          ? doubleQuoted(block, at)?.end
          : next === "(" || next === "[" || next === "{"
            ? closing(block, at, next, { "(": ")", "[": "]", "{": "}" }[next])
            : undefined;
    if (typeof end === "number") {
      part += block.slice(at, end);
      at = end - 1;
    } else if (next === ",") {
      parts.push(part);
      part = "";
    } else part += next;
  }
  return [...parts, part];
}

/** Those nearest to the name count, and no more of them than anybody writes. */
const ATTRIBUTES_LENGTH_MAX = 8_000;

const texts = /'(?:[^']|'')*'|"[^"]*"/g;
/** The values of a set: texts and bare numbers. */
const values = /'((?:[^']|'')*)'|"([^"]*)"|(?<![\w$.-])(-?\d+(?:\.\d+)?)\b/g;

function readParameter(part: string): ScriptParameter | null {
  const name = /(?:^|[\]\s])\$([A-Za-z_]\w*)\s*(?:=|$)/.exec(part.trim());
  if (!name) return null;
  const before = part.trim().slice(0, part.trim().indexOf(`$${name[1]!}`));
  const attributes = before.slice(-ATTRIBUTES_LENGTH_MAX).match(/\[(?:[^[\]]|\[[^\]]*\])*\]/g) ?? [];
  const types = attributes
    .map((attribute) => attribute.replaceAll(/\s+/g, ""))
    .filter((attribute) => /^\[[\w.]+(\[[\w.,]*\])?\]$/.test(attribute));
  const set = attributes.find((attribute) => /^\[\s*ValidateSet\s*\(/i.test(attribute));
  const mandatory = attributes.some((attribute) =>
    /^\[\s*Parameter\s*\([\s\S]*\bMandatory\b(?!\s*=\s*\$false)/i.test(attribute.replaceAll(texts, "''")),
  );
  return {
    name: name[1]!,
    type: types.at(-1)?.slice(1, -1).toLowerCase() ?? "object",
    mandatory,
    values: set
      ? [...set.matchAll(values)].map(([, a, b, number]) => a?.replaceAll("''", "'") ?? b ?? number ?? "")
      : [],
  };
}
