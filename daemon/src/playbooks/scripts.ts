import { join } from "node:path";
import { indexScripts, type ScriptIndex } from "@aither/core";
import { HEADER_BYTES, readScriptHeader } from "@aither/playbook";
import type { ScriptEntry } from "@aither/protocol";
import { fileCache, filesBelow, type FoundFile, readHead } from "./files.ts";

/** Where numbered scripts are looked for, below the workspace. */
const scriptRoots = ["automation-scripts", "library/automation-scripts", "scripts"] as const;

export interface ScriptCatalogue {
  /** The workspace's numbered scripts, ready to be selected from. */
  index(workspace: string): Promise<ScriptIndex>;
}

type Header = ReturnType<typeof readScriptHeader>;
type Numbered = { readonly files: readonly FoundFile[]; readonly headers: readonly (Header | null)[] };

/** Finds `NNNN_Name.ext` files and reads their headers; the folder is the registry. */
export function createScriptCatalogue(): ScriptCatalogue {
  const load = fileCache(async (path) => readScriptHeader(await readHead(path, HEADER_BYTES), /\.ps1$/i.test(path)));
  const headerOf = ({ path }: FoundFile): Header | null | Promise<Header | null> => {
    try {
      const header = load(path);
      return header instanceof Promise ? header.catch(() => null) : header;
    } catch {
      return null;
    }
  };
  const indexes = new Map<string, { readonly of: Numbered; readonly index: ScriptIndex }>();
  return {
    async index(workspace) {
      const files: FoundFile[] = [];
      for (const root of scriptRoots) files.push(...(await filesBelow(join(workspace, root), isNumbered)));
      const headers: (Header | null)[] = [];
      for (const header of files.map(headerOf)) headers.push(header instanceof Promise ? await header : header);
      const known = indexes.get(workspace);
      if (known !== undefined && isSame(known.of, { files, headers })) return known.index;
      const index = indexScripts(entriesOf({ files, headers }));
      indexes.set(workspace, { of: { files, headers }, index });
      if (indexes.size > WORKSPACES_MAX) indexes.delete(indexes.keys().next().value!);
      return index;
    },
  };
}

const WORKSPACES_MAX = 50;

/** Whether no file came, went or changed: a header that was kept is the very same object. */
function isSame(known: Numbered, { files, headers }: Numbered): boolean {
  return (
    files.length === known.files.length &&
    files.every(({ path }, at) => path === known.files[at]!.path && headers[at] === known.headers[at])
  );
}

function entriesOf({ files, headers }: Numbered): ScriptEntry[] {
  return files.flatMap(({ path, name }, at): ScriptEntry[] => {
    const header = headers[at];
    return header ? [{ number: name.slice(0, 4), name: name.replace(/\.[^.]+$/, ""), path, ...header }] : [];
  });
}

function isNumbered(name: string): boolean {
  return /^\d{4}[_-].+\.(ps1|sh|bash|py|m?js|cjs|m?ts|cmd|bat|exe)$/i.test(name) || /^\d{4}[_-][^.]+$/.test(name);
}
