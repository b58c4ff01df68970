/**
 * A power cut of the real daemon on the real disk. A listening device in its bundle writes down what was put on disk
 * (`sync PATH SIZE`, `names FOLDER`); after the kill everything else of its state is taken away again.
 */
import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Patch } from "../../rig/bundle.ts";
import { names, read } from "./machine.ts";

const RAW = "packages/supervise/src/raw-fs.ts";

/** Stands before the real file system and tells of every sync that came back well, with the size from before it began. */
const device = `
function note(line: string): void {
  const { appendFileSync } = process.getBuiltinModule("node:fs");
  appendFileSync(process.env["AITHER_HOME"] + "/../synced", line + "\\n");
}
export const nodeRawFs: RawFs = {
  open: async (path, how, mode) => {
    const file = await quietRawFs.open(path, how, mode);
    const heard = async (sync: () => Promise<void>): Promise<void> => {
      const size = await file.size();
      await sync();
      note("sync " + size + " " + path);
    };
    return { ...file, datasync: async () => heard(() => file.datasync()), sync: async () => heard(() => file.sync()) };
  },
  readFile: async (path) => quietRawFs.readFile(path),
  readDir: async (path) => quietRawFs.readDir(path),
  readLink: async (path) => quietRawFs.readLink(path),
  makeDir: async (path, mode) => quietRawFs.makeDir(path, mode),
  symlink: async (target, path) => quietRawFs.symlink(target, path),
  unlink: async (path) => quietRawFs.unlink(path),
  removeDir: async (path) => quietRawFs.removeDir(path),
  rename: async (from, to) => {
    await quietRawFs.rename(from, to);
    note("moved " + from + " " + to);
  },
  syncDir: async (path) => {
    const found = await quietRawFs.readDir(path);
    await quietRawFs.syncDir(path);
    for (const name of found) note("name " + path + "/" + name);
  },
};
const quietRawFs: RawFs = {`;

export const listening: readonly Patch[] = [{ file: RAW, find: "export const nodeRawFs: RawFs = {", replace: device }];

export type Cut = { readonly bytes: number; readonly names: number };

/** Takes away what no sync had covered. What lives in a folder whose names were never synced goes with it. */
export function cutPower(state: string, heardIn: string): Cut {
  const { sizes, named } = synced(read(heardIn) ?? "");
  let [bytes, gone] = [0, 0];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      // The lock, the socket and its folder are nobody's state.
      if (!isState(state, path)) continue;
      if (!named.has(path)) {
        rmSync(path, { recursive: true, force: true });
        gone += 1;
      } else if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) bytes += cut(path, sizes.get(path) ?? 0);
    }
  };
  walk(state);
  // What is there now is on disk: the next life starts from it.
  writeFileSync(heardIn, [...remaining(state, sizes)].join(""));
  return { bytes, names: gone };
}

function isState(state: string, path: string): boolean {
  return ["active", "exits", "index", "jobs"].some((part) => path.startsWith(join(state, part)));
}

function cut(path: string, synced: number): number {
  const { size } = statSync(path);
  if (size <= synced) return 0;
  truncateSync(path, synced);
  return size - synced;
}

function synced(text: string): { sizes: Map<string, number>; named: Set<string> } {
  const sizes = new Map<string, number>();
  const named = new Set<string>();
  for (const line of text.split("\n")) {
    const [what, first = "", second = ""] = line.split(" ");
    if (what === "sync") sizes.set(second, Math.max(sizes.get(second) ?? 0, Number(first)));
    if (what === "name") named.add(first);
    if (what !== "moved") continue;
    // The content goes with the name; the old name is no news, and the new one waits for its folder's sync.
    sizes.set(second, sizes.get(first) ?? 0);
    sizes.delete(first);
  }
  return { sizes, named };
}

function* remaining(folder: string, sizes: ReadonlyMap<string, number>): Iterable<string> {
  for (const name of names(folder)) {
    const path = join(folder, name);
    yield `name ${path}\n`;
    if (sizes.has(path)) yield `sync ${sizes.get(path)} ${path}\n`;
    yield* remaining(path, sizes);
  }
}
