import { join } from "node:path";
import { indexScripts, type ScriptIndex } from "@aither/core";
import { HEADER_BYTES, readScriptHeader } from "@aither/playbook";
import type { ScriptEntry } from "@aither/protocol";
import { fileCache, filesBelow, readHead } from "./files.ts";

/** Where numbered scripts are looked for, below the workspace. */
const scriptRoots = ["automation-scripts", "library/automation-scripts", "scripts"] as const;

export interface ScriptCatalogue {
  /** The workspace's numbered scripts, ready to be selected from. */
  index(workspace: string): Promise<ScriptIndex>;
}

/** Finds `NNNN_Name.ext` files and reads their headers; the folder is the registry. */
export function createScriptCatalogue(): ScriptCatalogue {
  const headerOf = fileCache(async (path) =>
    readScriptHeader(await readHead(path, HEADER_BYTES), /\.ps1$/i.test(path)),
  );
  const indexes = new Map<string, { readonly signature: string; readonly index: ScriptIndex }>();
  return {
    async index(workspace) {
      const files = (
        await Promise.all(scriptRoots.map((root) => filesBelow(join(workspace, root), isNumbered)))
      ).flat();
      const headers = await Promise.all(files.map(({ path }) => headerOf(path).catch(() => null)));
      const scripts = files.flatMap(({ path, name }, at): ScriptEntry[] => {
        const header = headers[at];
        return header ? [{ number: name.slice(0, 4), name: name.replace(/\.[^.]+$/, ""), path, ...header }] : [];
      });
      return remembered(indexes, workspace, scripts, headers);
    },
  };
}

/** The index is made anew only when a file came, went or changed (a cached header is the very same object). */
function remembered(
  indexes: Map<string, { readonly signature: string; readonly index: ScriptIndex }>,
  workspace: string,
  scripts: readonly ScriptEntry[],
  headers: readonly (object | null)[],
): ScriptIndex {
  const signature = scripts.map(({ path }, at) => `${path}#${tagOf(headers[at] ?? null)}`).join("\n");
  const known = indexes.get(workspace);
  if (known?.signature === signature) return known.index;
  const index = indexScripts(scripts);
  indexes.set(workspace, { signature, index });
  if (indexes.size > WORKSPACES_MAX) indexes.delete(indexes.keys().next().value!);
  return index;
}

const WORKSPACES_MAX = 50;

const tags = new WeakMap<object, number>();
let lastTag = 0;

function tagOf(header: object | null): number {
  if (header === null) return 0;
  const known = tags.get(header);
  if (known !== undefined) return known;
  lastTag += 1;
  tags.set(header, lastTag);
  return lastTag;
}

function isNumbered(name: string): boolean {
  return /^\d{4}[_-].+\.(ps1|sh|bash|py|m?js|cjs|m?ts|cmd|bat|exe)$/i.test(name) || /^\d{4}[_-][^.]+$/.test(name);
}
