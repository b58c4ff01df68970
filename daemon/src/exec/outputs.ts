/** What a script wrote to `AITHER_OUTPUT`: `name=value`, or `name<<END` … `END` for values of many lines. */
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Exports } from "@aither/protocol";
import { errorCode } from "../store/errors.ts";

/** More than this is no output but a log; the rest is not read. */
export const OUTPUT_BYTES_MAX = 1024 * 1024;

/** Lines that are neither form are passed over: a script's slip must not cost it the other values. */
export function parseOutputs(text: string): Record<string, string> {
  // A map first: `__proto__` is a name like any other, and only becomes a property in the end.
  const outputs = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  // Where each line stands for the last time: an end that is behind us is not looked for, time and again, in vain.
  const last = new Map(lines.map((line, at) => [line, at]));
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const found = /^([^=<\s][^=<]*?)(=|<<)(.*)$/s.exec(line);
    if (found === null) continue;
    const [, name = "", operator, rest = ""] = found;
    if (operator === "=") {
      outputs.set(name, rest);
      continue;
    }
    const mark = rest.trim();
    if ((last.get(mark) ?? -1) <= at) continue;
    const end = lines.indexOf(mark, at + 1);
    outputs.set(name, lines.slice(at + 1, end).join("\n"));
    at = end;
  }
  return Object.fromEntries(outputs);
}

/** No file, no outputs. */
export async function readOutputs(path: string): Promise<Record<string, string>> {
  const text = await readBounded(path);
  return text === "" ? {} : parseOutputs(text);
}

/** What it hands to the later scripts of its leg; undefined when that is nothing. */
export async function readExports(files: { env: string; path: string }): Promise<Exports | undefined> {
  const [env, path] = await Promise.all([readBounded(files.env), readBounded(files.path)]);
  if (env === "" && path === "") return undefined;
  const pairs = Object.entries(parseOutputs(env)).filter(([name, value]) => mayBeSet(name) && !value.includes("\0"));
  const folders = path
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.includes("\0"));
  return { env: Object.fromEntries(pairs), path: folders.toReversed() };
}

/** Not what we say ourselves, and not what would make every later program of Node run something else (as on GitHub). */
function mayBeSet(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !/^AITHER(ZERO)?_/i.test(name) && name !== "NODE_OPTIONS";
}

async function readBounded(path: string): Promise<string> {
  // Most scripts have none: a glance at the name costs microseconds, and no error is made to be caught.
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) return "";
  let handle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
  try {
    const bytes = Buffer.alloc(Math.min(OUTPUT_BYTES_MAX, found.size));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
