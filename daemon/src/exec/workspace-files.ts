/** Files of a workspace, by globs. Links that lead out of it are not followed. */
import { mkdir, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { errorCode } from "../store/errors.ts";
import { literalPrefix, matcherOf } from "./glob.ts";

/** Looked at for one glob; beyond it the search ends, and says so. */
const ENTRIES_MAX = 200_000;
/** What is being put in its place, by us. */
const TEMPORARY = /^\.(keeping|restoring)-/;

/** Whether a path fits one of the globs that begin with `!`. */
export function excluderOf(patterns: readonly string[]): (path: string) => boolean {
  const excluded = patterns.filter((path) => path.startsWith("!")).map((path) => matcherOf(path.slice(1)));
  return (path) => excluded.some((excludes) => excludes(path));
}

/** Paths of files, relative to the workspace, with `/`. */
export async function findFiles(
  pattern: string,
  { workspace, say }: { workspace: string; say: (line: string) => void },
): Promise<string[]> {
  const plain = tidied(pattern);
  const prefix = literalPrefix(plain);
  if (resolve(workspace, prefix) !== workspace && !resolve(workspace, prefix).startsWith(workspace + sep)) {
    say(`warning: ${pattern} is outside the workspace`);
    return [];
  }
  const start = await insideOf(workspace, prefix);
  if (start === null) return [];
  const found = await stat(start);
  if (found.isFile()) return prefix === plain ? [prefix] : [];
  if (!found.isDirectory()) return [];
  const matches = prefix === plain ? () => true : matcherOf(plain);
  const files: string[] = [];
  let looked = 0;
  for await (const file of filesUnder(join(workspace, prefix), prefix)) {
    looked += 1;
    if (looked > ENTRIES_MAX) {
      say(`warning: ${pattern}: the search ended after ${ENTRIES_MAX} files`);
      break;
    }
    if (matches(file)) files.push(file);
  }
  return files;
}

function tidied(pattern: string): string {
  const plain = pattern
    .trim()
    .replaceAll("\\", "/")
    .replaceAll(/\/{2,}/g, "/")
    .replace(/\/$/, "");
  return plain.replace(/^(\.\/)+/, "").replace(/^\.$/, "");
}

/** The real place of a path, if it is there and within the workspace; links that lead out of it lead nowhere. */
export async function insideOf(workspace: string, path: string): Promise<string | null> {
  const real = await realpath(join(workspace, path)).catch(() => null);
  if (real === null) return null;
  const way = relative(workspace, real);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && resolve(workspace, way) === real) ? real : null;
}

/** Files and links to files; folders that are links are not entered. */
export async function* filesUnder(folder: string, name: string): AsyncIterable<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = name === "" ? entry.name : `${name}/${entry.name}`;
    // A home may be in its workspace: jobs do not keep jobs.
    if (entry.name === ".orchestration-jobs") continue;
    if (entry.isDirectory()) yield* filesUnder(join(folder, entry.name), path);
    else if (entry.isFile() && !TEMPORARY.test(entry.name)) yield path;
    else if (entry.isSymbolicLink() && (await isFileBehind(join(folder, entry.name)))) yield path;
  }
}

async function isFileBehind(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The real folder, made where it is missing. No link out of the workspace is followed. */
export async function makeFolder(root: string, path: string): Promise<string> {
  let way = "";
  for (const part of path.split("/").filter((name) => name !== "" && name !== ".")) {
    way = way === "" ? part : `${way}/${part}`;
    await mkdir(join(root, way)).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
    if ((await insideOf(root, way)) === null) throw new Error(`${way} leads out of the workspace`);
  }
  return realpath(join(root, way));
}
