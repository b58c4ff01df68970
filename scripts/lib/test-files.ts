import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { root } from "./root.ts";

/** A level of testing: which files, and how long one file may take. */
export type Level = { readonly name: string; readonly folders: readonly string[]; readonly fileTimeoutMs: number };

const minuteMs = 60_000;

/** In the order in which they run: the quick ones first. A folder under test/ that has no row here still runs. */
const known: readonly Level[] = [
  { name: "tidy", folders: ["test/tidy"], fileTimeoutMs: minuteMs },
  { name: "unit", folders: ["packages", "daemon", "cli", "scripts"], fileTimeoutMs: minuteMs },
  { name: "simulation", folders: ["test/simulation"], fileTimeoutMs: 5 * minuteMs },
  { name: "integration", folders: ["test/integration"], fileTimeoutMs: 3 * minuteMs },
  { name: "acceptance", folders: ["test/acceptance"], fileTimeoutMs: 3 * minuteMs },
  { name: "compat", folders: ["test/compat"], fileTimeoutMs: 2 * minuteMs },
  { name: "fuzz", folders: ["test/fuzz"], fileTimeoutMs: 5 * minuteMs },
  { name: "tui", folders: ["test/tui"], fileTimeoutMs: 3 * minuteMs },
  { name: "browser", folders: ["test/browser"], fileTimeoutMs: 3 * minuteMs },
  { name: "service", folders: ["test/service"], fileTimeoutMs: 3 * minuteMs },
  { name: "torture", folders: ["test/torture"], fileTimeoutMs: 40 * minuteMs },
];

/** All levels that have at least one file today. */
export function levels(): readonly Level[] {
  const named = new Set(known.flatMap((level) => level.folders));
  const others = subfolders(join(root, "test"))
    .map((name) => `test/${name}`)
    .filter((folder) => !named.has(folder))
    .map((folder): Level => ({ name: folder.slice("test/".length), folders: [folder], fileTimeoutMs: 3 * minuteMs }));
  return [...known, ...others].filter((level) => testFiles(level).length > 0);
}

/** The level's test files, sorted, as paths relative to the repository. Node 20 has no globs for `--test`. */
export function testFiles(level: Level): readonly string[] {
  const files = level.folders.flatMap((folder) => filesUnder(join(root, folder), (name) => /\.test\.tsx?$/.test(name)));
  return files.map((file) => relative(root, file)).toSorted();
}

/** Every file at or below a path whose name is wanted; never looks into node_modules, dist or hidden folders. */
export function filesUnder(folder: string, wanted: (name: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory()) return wanted(basename(folder)) ? [folder] : [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path, wanted);
    return wanted(entry.name) ? [path] : [];
  });
}

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
