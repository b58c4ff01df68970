import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../../../scripts/lib/root.ts";
import { filesUnder } from "../../../scripts/lib/test-files.ts";

/** A file of this repository: its path relative to the top, with forward slashes, and its text. */
export type Source = { readonly path: string; readonly text: string };

/** The TypeScript of some folders, tests beside the code included. */
export function typescript(...folders: readonly string[]): readonly Source[] {
  return read(folders, (name) => /\.(ts|tsx|mts|cts)$/.test(name));
}

/** Files of some folders whose name is wanted. */
export function read(folders: readonly string[], wanted: (name: string) => boolean): readonly Source[] {
  return folders
    .flatMap((folder) => filesUnder(join(root, folder), wanted))
    .map((path) => ({ path: relative(root, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") }));
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /\/(testing|fixtures)\//.test(path);
}
