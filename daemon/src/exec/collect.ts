/**
 * Keeps files of the workspace with the job: a program of its own, run as a script of the job, so that it outlives the
 * daemon, has a log and an exit code, and is run again when it was cut off. Told by its environment what to keep; see
 * `runOfCollect` in core. What stands in the folder under its own name is whole: files get it by a rename.
 */
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { excluderOf, filesUnder, findFiles, insideOf } from "./workspace-files.ts";

/** Files on their way; nobody takes them for files of somebody. */
const TEMPORARY = ".keeping-";

export type Collection = {
  readonly workspace: string;
  /** The job's folder of artifacts. */
  readonly artifacts: string;
  readonly folder: string;
  readonly paths: readonly string[];
  readonly required: boolean;
  readonly bytesMax: number;
  readonly filesMax: number;
  readonly say: (line: string) => void;
};

export type Collected = { readonly files: number; readonly bytes: number; readonly ok: boolean };

/** Copies what the paths name. Not `ok` when something that is required was not there, or did not fit. */
export async function collect(collection: Collection): Promise<Collected> {
  const { say, required } = collection;
  const workspace = await realpath(collection.workspace);
  const into = join(collection.artifacts, safeName(collection.folder));
  await mkdir(into, { recursive: true, mode: 0o700 });
  await dropTemporaries(into);
  const isExcluded = excluderOf(collection.paths);
  const wanted = new Set<string>();
  let missing = 0;
  for (const path of collection.paths) {
    if (path.trim() === "" || path.startsWith("!")) continue;
    const found = await findFiles(path, { workspace, say });
    const kept = found.filter((file) => !isExcluded(file));
    for (const file of kept) wanted.add(file);
    if (kept.length > 0) continue;
    missing += 1;
    say(`${required ? "error" : "warning"}: nothing matches ${path}`);
  }
  const room = await spaceLeft(collection);
  const kept = await keepAll([...wanted].sort(), { ...collection, workspace, into, ...room });
  say(`kept ${kept.files} ${kept.files === 1 ? "file" : "files"}, ${kept.bytes} bytes`);
  return { files: kept.files, bytes: kept.bytes, ok: !required || (missing === 0 && !kept.cut) };
}

type Room = { readonly bytesMax: number; readonly filesMax: number };

/** The limits are the whole job's: what others kept counts. Files that are kept anew replace what they were. */
async function spaceLeft({ artifacts, bytesMax, filesMax }: Collection): Promise<Room> {
  let bytes = bytesMax;
  let files = filesMax;
  for await (const file of filesUnder(artifacts, "")) {
    const { size } = await lstat(join(artifacts, file));
    bytes -= size;
    files -= 1;
  }
  return { bytesMax: bytes, filesMax: files };
}

type Keeping = Collection & { readonly into: string };

async function keepAll(
  paths: readonly string[],
  keeping: Keeping,
): Promise<{ files: number; bytes: number; cut: boolean }> {
  const { workspace, into, say } = keeping;
  let { bytesMax, filesMax } = keeping;
  let files = 0;
  let bytes = 0;
  for (const path of paths) {
    const from = await insideOf(workspace, path);
    if (from === null) {
      say(`warning: ${path} leads out of the workspace and is not kept`);
      continue;
    }
    const { size } = await stat(from);
    const target = join(into, ...path.split("/").map(safeName));
    const before = await lstat(target).then(
      (old) => old.size,
      () => null,
    );
    const room = { bytes: bytesMax + (before ?? 0), files: filesMax + (before === null ? 0 : 1) };
    if (size > room.bytes || room.files < 1) {
      say(`warning: ${path} (${size} bytes) and what follows is not kept: the job's limit for artifacts is reached`);
      return { files, bytes, cut: true };
    }
    await keep(from, target);
    bytesMax = room.bytes - size;
    filesMax = room.files - 1;
    files += 1;
    bytes += size;
  }
  return { files, bytes, cut: false };
}

/** Whole or not at all, also when the machine stops in the middle. */
async function keep(from: string, target: string): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `${TEMPORARY}${process.pid}`);
  await copyFile(from, temporary, constants.COPYFILE_FICLONE);
  const handle = await open(temporary, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
}

/** Left by one that was cut off. */
async function dropTemporaries(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await dropTemporaries(path);
    else if (entry.name.startsWith(TEMPORARY)) await rm(path, { force: true });
  }
}

/** One part of a name, without what could mean something to a terminal or a file system. */
function safeName(name: string): string {
  const plain = name.replaceAll(/[\u0000-\u001f\u007f/\\]/g, "_").slice(0, 200);
  return plain === "" || plain === "." || plain === ".." ? "_" : plain;
}
