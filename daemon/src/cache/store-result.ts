/** What a script left behind, copied into the blobs: its log and the files it declares. */
import { lstat, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileSize, type AttemptFiles } from "@aither/supervise";
import type { CacheRule } from "@aither/protocol";
import { excluderOf, findFiles } from "../exec/workspace-files.ts";
import type { Blobs } from "./blobs.ts";
import { writtenPath, type Entry, type KeptFile } from "./entries.ts";

const FILES_MAX = 20_000;

export type Storing = {
  readonly rule: CacheRule;
  readonly workspace: string;
  readonly files: AttemptFiles;
  readonly blobs: Blobs;
  readonly bytesMax: number;
  readonly pin: (digest: string) => void;
};

export type Stored = Pick<Entry, "written" | "files">;

/** The result, or why it is not kept: parts of a sentence. Copies that were made for nothing go at the next pruning. */
export async function storeResult(storing: Storing): Promise<Stored | { readonly cannot: readonly string[] }> {
  const { workspace, files, blobs, pin } = storing;
  const root = await realpath(workspace);
  const made = await madeFiles(storing, root);
  if ("cannot" in made) return made;
  if (await isThere(files.cut)) return { cannot: ["its log was too long to be kept whole"] };
  const sizes = await Promise.all(made.paths.map(async (path) => fileSize(join(root, path))));
  const endings = ["log", "err", "summary"] as const;
  const wrote = await Promise.all(endings.map(async (ending) => fileSize(writtenPath(files, ending))));
  const bytes = [...sizes, ...wrote].reduce((sum, size) => sum + size, 0);
  if (bytes > storing.bytesMax) {
    return { cannot: [`it is ${bytes} bytes, and the cache may have ${storing.bytesMax} (cacheBytesMax)`] };
  }
  const written: Stored["written"][number][] = [];
  for (const ending of endings) {
    const path = writtenPath(files, ending);
    if (await isPlainFile(path)) written.push({ ...(await blobs.put(path, pin)), ending });
  }
  const kept: KeptFile[] = [];
  for (const path of made.paths) {
    const { mode } = await stat(join(root, path));
    kept.push({ path, mode: mode & 0o777, ...(await blobs.put(join(root, path), pin)) });
  }
  return { written, files: kept };
}

async function madeFiles(
  { rule }: Storing,
  workspace: string,
): Promise<{ readonly paths: readonly string[] } | { readonly cannot: readonly string[] }> {
  const cannot: string[] = [];
  const isExcluded = excluderOf(rule.outputs);
  const paths = new Set<string>();
  for (const pattern of rule.outputs) {
    if (pattern.trim() === "" || pattern.startsWith("!")) continue;
    const say = (line: string): void => void cannot.push(line.replace(/^warning: /, ""));
    const found = (await findFiles(pattern, { workspace, say })).filter((path) => !isExcluded(path));
    if (found.length === 0 && cannot.length === 0) cannot.push(`nothing matches ${pattern}, which it should make`);
    for (const path of found) {
      if ((await lstat(join(workspace, path))).isFile()) paths.add(path);
      else cannot.push(`${path} is a link, and links are not kept`);
    }
  }
  if (paths.size > FILES_MAX) cannot.push(`it made ${paths.size} files, at most ${FILES_MAX} are kept`);
  return cannot.length > 0 ? { cannot } : { paths: [...paths].sort() };
}

/** The script itself may have made the file of its summary: no link is followed. */
async function isPlainFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
