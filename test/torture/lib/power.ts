/**
 * A power cut of the real daemon on the real disk. A listening device in its bundle writes down what was put on disk
 * (`sync PATH SIZE`, `names FOLDER`); after the kill everything else of its state is taken away again.
 */
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Patch } from "../../rig/bundle.ts";
import type { Prng } from "../../simulation/prng.ts";
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
      // A quick disk leaves nothing unsynced for long enough to be met.
      await new Promise((go) => setTimeout(go, Number(process.env["AITHER_TEST_SYNC_MS"] ?? 0)));
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

/** What was taken away; `torn` journals lost their unsynced end in part only. */
export type Cut = { readonly bytes: number; readonly names: number; readonly torn: number };

/**
 * Takes away what no sync had covered. What lives in a folder whose names were never synced goes with it. Of a journal the
 * disk may have kept a part all the same: how much of it, and whether as zeros, `prng` says.
 */
export function cutPower(state: string, heardIn: string, prng: Prng): Cut {
  const { sizes, named } = synced(read(heardIn) ?? "");
  let [bytes, gone, torn] = [0, 0, 0];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      // The lock, the socket and its folder are nobody's state.
      if (!isState(state, path)) continue;
      if (!named.has(path)) {
        rmSync(path, { recursive: true, force: true });
        gone += 1;
      } else if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) {
        const lost = cut(path, sizes.get(path) ?? 0);
        bytes += lost.length;
        if (entry.name === "events.ndjson" && tear(path, lost, prng)) torn += 1;
      }
    }
  };
  walk(state);
  // What is there now is on disk: the next life starts from it.
  writeFileSync(heardIn, [...remaining(state, sizes)].join(""));
  return { bytes, names: gone, torn };
}

/** Whether a journal is longer than what of it is on disk: the moment for a cut. */
export function hasUnsynced(state: string, heardIn: string): boolean {
  const { sizes } = synced(read(heardIn) ?? "");
  return names(join(state, "active")).some((jobId) => {
    const journal = join(realpathSync(join(state, "active", jobId)), "events.ndjson");
    return statSync(journal).size > (sizes.get(journal) ?? 0);
  });
}

function isState(state: string, path: string): boolean {
  return ["active", "exits", "index", "jobs"].some((part) => path.startsWith(join(state, part)));
}

/** Cuts a file to its synced length; returns what was behind it. */
function cut(path: string, synced: number): Buffer {
  const lost = readFileSync(path).subarray(synced);
  if (lost.length > 0) truncateSync(path, synced);
  return lost;
}

/** Gives back a beginning of what was lost: its bytes, or zeros in their place. A whole one could as well have been told. */
function tear(path: string, lost: Buffer, prng: Prng): boolean {
  if (lost.length === 0) return false;
  const kept = prng.int(0, lost.length);
  if (kept === 0) return false;
  appendFileSync(path, prng.chance(0.3) ? Buffer.alloc(kept) : lost.subarray(0, kept));
  return true;
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
