/**
 * What a result depends on, piece by piece: the key is the digest of all of it, and two lists of pieces tell what
 * changed. Contents of files are there as digests; every other text (variables, arguments, inline scripts may hold
 * secrets) as a seal of this home.
 */
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { EnsureRequest } from "@aither/engine";
import type { CacheRule } from "@aither/protocol";
import { excluderOf, findFiles } from "../exec/workspace-files.ts";
import { interpreterOfFile } from "../playbooks/interpreters.ts";
import { digestOf, digestOfFile, type Programs, type Seal } from "./digest.ts";

/** Raised when keys are made otherwise: entries of before are then never found, and go by their age. */
const FORMAT = 1;
/** More than this and looking costs more than running. */
const INPUT_FILES_MAX = 20_000;
const DIGESTS_AT_ONCE = 4;

export type Parts = {
  readonly format: number;
  readonly platform: string;
  readonly script: string;
  readonly arguments: string;
  readonly folder: string;
  /** Only of scripts that have a terminal. */
  readonly terminal?: string;
  readonly interpreter: { readonly path: string; readonly digest: string };
  readonly variables: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** By path relative to the workspace. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  readonly key: string;
};

export type Asked = {
  readonly request: EnsureRequest;
  readonly rule: CacheRule;
  /** The caller's environment. */
  readonly env: Readonly<Record<string, string>>;
};

export function keyOf(parts: Parts): string {
  return digestOf(JSON.stringify(parts));
}

/** The pieces, or why there can be no key: parts of a sentence. */
export async function partsOf(
  asked: Asked,
  { seal, programs }: { seal: Seal; programs: Programs },
): Promise<{ readonly parts: Parts } | { readonly cannot: readonly string[] }> {
  const { request, rule, env } = asked;
  const { script } = request;
  const workspace = await realpath(request.workspace);
  const inputs = await inputFiles(rule, workspace);
  if ("cannot" in inputs) return inputs;
  const [program = "", ...rest] = script.run.argv;
  const interpreter = await interpreterPath(asked, program);
  const place = (path: string): string => placeIn([workspace, request.workspace], path);
  // The script's own path says where the workspace is, and nothing of what the script does.
  const words = rest.map((word) => (word === script.path ? place(word) : word));
  const variables: [string, string][] = [];
  const environment: [string, string][] = rule.env.map((name) => [name, sealed(seal, env[name])]);
  for (const [name, value] of Object.entries(script.run.env)) {
    const variable = /^AITHER_VAR_(.+)$/.exec(name)?.[1];
    if (variable === undefined) environment.push([name, seal(value)]);
    else variables.push([variable, seal(value)]);
  }
  const own = script.path === null ? seal(script.run.text ?? "") : await digestOfFile(script.path);
  return {
    parts: {
      format: FORMAT,
      platform: `${process.platform}-${process.arch}`,
      script: own,
      arguments: seal(JSON.stringify(words)),
      ...(script.pty !== undefined && { terminal: `${script.pty.columns}x${script.pty.rows}` }),
      folder: place(script.run.cwd === "" ? request.workspace : script.run.cwd),
      interpreter: { path: interpreter, digest: await programs.digest(interpreter) },
      variables: sorted(variables),
      environment: sorted(environment),
      inputs: inputs.files,
      outputs: rule.outputs,
      key: seal(rule.key),
    },
  };
}

/** Files by the rule's globs; undefined patterns and files it makes itself are none. */
async function inputFiles(
  rule: CacheRule,
  workspace: string,
): Promise<{ readonly files: Record<string, string> } | { readonly cannot: readonly string[] }> {
  const cannot: string[] = [];
  const isExcluded = excluderOf([...rule.inputs, ...rule.outputs.filter(isPositive).map((glob) => `!${glob}`)]);
  const found = new Set<string>();
  for (const pattern of rule.inputs.filter(isPositive)) {
    const say = (line: string): void => void cannot.push(line.replace(/^warning: /, ""));
    for (const file of await findFiles(pattern, { workspace, say })) if (!isExcluded(file)) found.add(file);
  }
  if (found.size > INPUT_FILES_MAX)
    cannot.push(`its inputs are ${found.size} files, at most ${INPUT_FILES_MAX} may be`);
  if (cannot.length > 0) return { cannot };
  const files = [...found].sort();
  const digests: [string, string][] = [];
  for (let at = 0; at < files.length; at += DIGESTS_AT_ONCE) {
    const some = files.slice(at, at + DIGESTS_AT_ONCE);
    digests.push(...(await Promise.all(some.map(async (file) => inputDigest(workspace, file)))));
  }
  return { files: Object.fromEntries(digests) };
}

/** A file that may be run is not the same as one that may not. */
async function inputDigest(workspace: string, file: string): Promise<[string, string]> {
  const path = join(workspace, file);
  const [digest, { mode }] = await Promise.all([digestOfFile(path), stat(path)]);
  return [file, (mode & 0o100) === 0 ? digest : `${digest}+x`];
}

/** The program that reads the script, which for a file with `#!` is not the file itself. */
async function interpreterPath({ request, env }: Asked, program: string): Promise<string> {
  const own = program === request.script.path ? await interpreterOfFile(program, env, request.workspace) : null;
  return realpath(own ?? program);
}

function isPositive(pattern: string): boolean {
  return pattern.trim() !== "" && !pattern.startsWith("!");
}

/** A path as seen from the workspace: two copies of a workspace give one key. */
function placeIn(roots: readonly string[], path: string): string {
  for (const root of roots) {
    const way = relative(root, path);
    if (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return `./${way}`;
  }
  return path;
}

/** No value is not the same as an empty one. */
function sealed(seal: Seal, value: string | undefined): string {
  return value === undefined ? "" : seal(value);
}

function sorted(pairs: readonly [string, string][]): Record<string, string> {
  return Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
