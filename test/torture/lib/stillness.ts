/** When all is over: recovery that is run again, and looking, must change nothing. */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Daemon } from "../../rig/daemon.ts";
import { waitFor } from "../../rig/wait.ts";
import type { Found } from "./collect.ts";
import { ready } from "./chaos.ts";
import { groupsOf, names } from "./machine.ts";

type Tree = ReadonlyMap<string, string>;

/** Two more lives, then a look at everything. The jobs have all ended. */
export async function disturbNothing(daemon: Daemon, jobIds: readonly string[]): Promise<Found> {
  const { state } = daemon.workspace.places;
  await waitFor("the last job to leave active/", () => names(join(state, "active")).length === 0);
  await ready(daemon);
  const before = digest(state, isTruth);
  for (const _life of [1, 2]) await daemon.restart();
  const changedByRecovery = differences(before, digest(state, isTruth));
  const still = await settled(state);
  await daemon.ask("GET", "/api/jobs");
  for (const jobId of jobIds.slice(0, 10)) {
    for (const what of ["", "/events", "/logs", "/explain"]) await daemon.ask("GET", `/api/jobs/${jobId}${what}`);
  }
  await daemon.ask("GET", "/api/daemon");
  return {
    groupsLeft: groupsOf(state).map(({ name }) => name),
    changedByRecovery,
    changedByListing: differences(
      still,
      digest(state, () => true),
    ),
  };
}

/** What a new daemon tidies up in the background (temporary files of the one before) is done when nothing changes any more. */
async function settled(state: string): Promise<Tree> {
  let tree = digest(state, () => true);
  for (let quiet = 0, looks = 0; quiet < 3 && looks < 200; looks += 1) {
    await delay(200);
    const now = digest(state, () => true);
    quiet = differences(tree, now).length === 0 ? quiet + 1 : 0;
    tree = now;
  }
  return tree;
}

/** What nobody may touch any more; everything else is derived. */
function isTruth(path: string): boolean {
  return /(?:events\.ndjson|plan\.json|result\.json|\.claim|\.exit|\.log)$/.test(path);
}

/** Each path with a digest of its content and, for files, when it was last written. */
function digest(root: string, wanted: (path: string) => boolean): Tree {
  const tree = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const name of names(folder)) {
      const path = join(folder, name);
      const target = linkOf(path);
      if (target !== undefined) tree.set(path, target);
      else if (isFolder(path)) walk(path);
      else if (wanted(path)) tree.set(path, sha(path));
    }
  };
  walk(root);
  return tree;
}

/** When it was last written, and what it holds; a file that goes while we look has neither. */
function sha(path: string): string {
  try {
    return `${statSync(path).mtimeMs} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
  } catch {
    return "gone";
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function differences(before: Tree, after: Tree): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}
