/** `-s NAME`, `-s NAME=VALUE`, `--secret-file FILE`: environment variables of the scripts whose values are masked. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "./context.ts";
import { usage, type Input } from "./input.ts";

const NAME = /^[A-Za-z_]\w*$/;
const BYTES_MIN = 3;

/** What is typed wins over a file, a later file over an earlier one. No message holds a value. */
export function secretsOf(context: Context, input: Input): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const path of input.list("secret-file"))
    Object.assign(secrets, readSecretFile(resolve(context.cwd, path), path));
  for (const text of input.list("secret")) {
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    if (!NAME.test(name))
      throw usage("--secret wants a variable's name: letters, digits and _", "write --secret NAME, or NAME=VALUE");
    secrets[name] = equals === -1 ? fromEnvironment(context, name) : text.slice(equals + 1);
  }
  for (const [name, value] of Object.entries(secrets)) {
    if (Buffer.byteLength(value.trim()) < BYTES_MIN && !context.quiet)
      context.io.say(
        `aither: the secret ${name} has fewer than ${BYTES_MIN} bytes: scripts get it, and it is not masked`,
      );
  }
  return secrets;
}

function fromEnvironment({ env }: Context, name: string): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw usage(
    `--secret ${name}: there is no variable ${name} here`,
    `export ${name}, or name a file: --secret-file FILE`,
  );
}

function readSecretFile(path: string, shown: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usage(`--secret-file ${shown} cannot be read (${code ?? "no text"})`, "name a file of NAME=VALUE lines");
  }
  return parseSecrets(text, shown);
}

const LINE = /^(?:export[ \t]+)?([^\s=]+)[ \t]*=[ \t]*(.*)$/;

/**
 * `NAME=VALUE` lines; `#` begins a comment in front of a name. A value in quotes may go over several lines; in double
 * quotes `\n`, `\"` and `\\` mean what they mean elsewhere.
 */
export function parseSecrets(text: string, file: string): Record<string, string> {
  const secrets: Record<string, string> = {};
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!.trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const where = `${file}:${at + 1}:${lines[at]!.length - line.length + 1}`;
    const [, name = "", rest = ""] = LINE.exec(line) ?? [];
    if (!NAME.test(name))
      throw usage(`${where}: no NAME=VALUE`, "a name has letters, digits and _; # begins a comment");
    const quote = /^["']/.exec(rest)?.[0];
    if (quote === undefined) {
      secrets[name] = rest.trimEnd();
      continue;
    }
    let value = rest.slice(1);
    while (endOf(value, quote) === -1) {
      at += 1;
      if (at === lines.length) throw usage(`${where}: the ${quote} of ${name} has no end`, `close it with ${quote}`);
      value += `\n${lines[at]!}`;
    }
    const end = endOf(value, quote);
    if (value.slice(end + 1).trim() !== "" && !/^\s+#/.test(value.slice(end + 1)))
      throw usage(
        `${where}: something stands behind the value of ${name}`,
        `quote all of it, or begin a comment with #`,
      );
    secrets[name] = quote === '"' ? unescaped(value.slice(0, end)) : value.slice(0, end);
  }
  return secrets;
}

function endOf(text: string, quote: string): number {
  if (quote === "'") return text.indexOf("'");
  const found = /^(?:[^"\\]|\\[^])*"/.exec(text);
  return found === null ? -1 : found[0].length - 1;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([nrt"\\$`])/g, (_, letter: string) => ({ n: "\n", r: "\r", t: "\t" })[letter] ?? letter);
}
