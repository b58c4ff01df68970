import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { nearest } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { PLAYBOOK_BYTES_MAX, pointAt, type ReadPlaybook, readPlaybook } from "@aither/playbook";
import { decodeText, type PlaybookSummary, type Problem, problem } from "@aither/protocol";
import { breather } from "../breather.ts";
import { discreet, liesIn } from "./discretion.ts";
import { fileCache, filesBelow, type FoundFile, isFile } from "./files.ts";
import { relativeTo } from "./say.ts";

/** Where playbooks are looked for, below the workspace. */
const playbookRoots = ["playbooks", "orchestration/playbooks", ".aither/playbooks"] as const;

/** A playbook's file, read. */
export type LoadedPlaybook = {
  readonly path: string | null;
  readonly digest: string;
  readonly read: ReadPlaybook;
};

export interface PlaybookCatalogue {
  list(workspace: string): Promise<PlaybookSummary[]>;
  /** By path, file name or `metadata.name`. A file that cannot be parsed is found, too: `read.ok` is false. */
  find(name: string, workspace: string): Promise<Outcome<LoadedPlaybook>>;
  /** A playbook that is in no file. `file` is what diagnostics call it, and its ending tells the syntax. */
  unsaved(text: string, file: string | null): Outcome<LoadedPlaybook>;
}

export function createPlaybookCatalogue(userPlaybooks: string): PlaybookCatalogue {
  const load = fileCache(async (path, size): Promise<LoadedPlaybook | "too-large"> => {
    if (size > PLAYBOOK_BYTES_MAX) return "too-large";
    // Parsing takes many times longer than this read, and the four trips of an asynchronous one longer than both.
    return parsed(decodeText(readFileSync(path)), path);
  });
  const rootsOf = (workspace: string): string[] => [
    ...playbookRoots.map((root) => join(workspace, root)),
    userPlaybooks,
  ];
  const loadDiscreetly = async (path: string, workspace: string): Promise<LoadedPlaybook | "too-large"> => {
    const loaded = await load(path);
    if (loaded === "too-large" || loaded.read.ok || liesIn(rootsOf(workspace), path)) return loaded;
    return { ...loaded, read: discreet(loaded.read) };
  };
  const loadIfAny = async (path: string, workspace: string): Promise<LoadedPlaybook | "too-large" | null> => {
    try {
      return await loadDiscreetly(path, workspace);
    } catch {
      return null;
    }
  };
  const files = async (workspace: string): Promise<RootedFile[]> => playbooksBelow(rootsOf(workspace));
  const opened = async (path: string, workspace: string): Promise<Outcome<LoadedPlaybook>> => {
    try {
      const loaded = await loadDiscreetly(path, workspace);
      return loaded === "too-large" ? refused(await tooLarge(path, workspace)) : { ok: true, value: loaded };
    } catch (error) {
      const detail = `${relativeTo(workspace, path)} cannot be read: ${(error as Error).message}`;
      return refused(problem("PLAYBOOK_NOT_FOUND", detail));
    }
  };
  return {
    unsaved,

    async list(workspace) {
      const summaries: PlaybookSummary[] = [];
      const breathe = breather();
      for (const { path } of await files(workspace)) {
        summaries.push(await summaryOf(path, workspace, await loadIfAny(path, workspace)));
        await breathe();
      }
      return summaries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.path < b.path ? -1 : 1));
    },

    async find(name, workspace) {
      const asPath = await pathOf(name, workspace);
      if (asPath !== null) return opened(asPath, workspace);
      const found = await files(workspace);
      const called = found.filter((file) => isCalled(file, name));
      if (called.length > 0) return theOne(name, called, workspace, async ({ path }) => opened(path, workspace));
      const names: string[] = found.map((file) => stem(file.name));
      const named: Named[] = [];
      const breathe = breather();
      for (const file of found) {
        await breathe();
        const loaded = await loadIfAny(file.path, workspace);
        if (loaded === null || loaded === "too-large" || !loaded.read.ok) continue;
        const own = loaded.read.playbook.metadata.name;
        if (own.toLowerCase() === name.toLowerCase()) named.push({ ...file, loaded });
        names.push(own);
      }
      if (named.length > 0) return theOne(name, named, workspace, async ({ loaded }) => ({ ok: true, value: loaded }));
      return refused(notFound(name, names));
    },
  };
}

function unsaved(text: string, file: string | null): Outcome<LoadedPlaybook> {
  const bytes = Buffer.byteLength(text);
  if (bytes > PLAYBOOK_BYTES_MAX) {
    return refused(problem("PLAYBOOK_TOO_LARGE", `${file ?? "the text"} has ${bytes} bytes`));
  }
  return { ok: true, value: { ...parsed(text, file), path: null } };
}

async function playbooksBelow(roots: readonly string[]): Promise<RootedFile[]> {
  const below = async (root: string): Promise<RootedFile[]> =>
    (await filesBelow(root, isPlaybook)).map((file) => ({ ...file, root }));
  const found = (await Promise.all(roots.map(below))).flat();
  return [...new Map(found.map((file) => [file.path, file])).values()];
}

/** A file, and the folder of playbooks it was found below. */
type RootedFile = FoundFile & { readonly root: string };
type Named = RootedFile & { readonly loaded: LoadedPlaybook };

/** By the name of its file, or by its path from the folder for playbooks; with the ending or without. */
function isCalled({ name, path, root }: RootedFile, wanted: string): boolean {
  const below = relative(root, path).replaceAll("\\", "/");
  const names = [stem(name), name, stem(below), below].map((one) => one.toLowerCase());
  return names.includes(wanted.replaceAll("\\", "/").toLowerCase());
}

/**
 * What is in the workspace stands before what is the user's, and so one root before the next. Of two below the same root
 * nobody can say which was meant, and to run the wrong one may be worse than to run none.
 */
async function theOne<File extends RootedFile>(
  name: string,
  found: readonly File[],
  workspace: string,
  open: (file: File) => Promise<Outcome<LoadedPlaybook>>,
): Promise<Outcome<LoadedPlaybook>> {
  const [first] = found;
  if (first === undefined) return refused(notFound(name, []));
  const candidates = found.filter(({ root }) => root === first.root).map(({ path }) => relativeTo(workspace, path));
  if (candidates.length === 1) return open(first);
  const detail = `\`${name}\` is the name of ${candidates.length} playbooks`;
  return refused(problem("PLAYBOOK_AMBIGUOUS", detail, { candidates }));
}

function parsed(text: string, path: string | null): LoadedPlaybook {
  const digest = createHash("sha256").update(text).digest("hex");
  return { path, digest, read: readPlaybook(text, path) };
}

function isPlaybook(name: string): boolean {
  return /\.(json|ya?ml|psd1)$/i.test(name);
}

function stem(name: string): string {
  return name.replace(/\.(json|ya?ml|psd1)$/i, "");
}

/** A name with a separator or an ending is a path, if a file is there; relative ones start at the workspace. */
async function pathOf(name: string, workspace: string): Promise<string | null> {
  const looksLikePath = /[/\\]/.test(name) || isPlaybook(name);
  if (!looksLikePath) return null;
  const path = isAbsolute(name) ? name : resolve(workspace, name);
  return (await isFile(path)) ? path : null;
}

function notFound(name: string, names: readonly string[]): Problem {
  const like = nearest(name, new Set(names));
  const candidates = like === null ? [] : [like];
  return problem("PLAYBOOK_NOT_FOUND", `there is no playbook \`${name}\``, {
    ...(like !== null && { hint: `did you mean ${like}? aither playbooks list shows what there is` }),
    candidates,
  });
}

async function tooLarge(path: string, workspace: string): Promise<Problem> {
  const { size } = await stat(path);
  const detail = `${relativeTo(workspace, path)}:1:1: the file has ${size} bytes; a playbook may have ${PLAYBOOK_BYTES_MAX}`;
  return problem("PLAYBOOK_TOO_LARGE", detail);
}

function refused(why: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem: why };
}

async function summaryOf(
  path: string,
  workspace: string,
  loaded: LoadedPlaybook | "too-large" | null,
): Promise<PlaybookSummary> {
  const bare = { name: stem(basename(path)), format: null, path, category: "", description: "" };
  if (loaded === null) return { ...bare, error: "it cannot be read" };
  if (loaded === "too-large") return { ...bare, error: (await tooLarge(path, workspace)).detail };
  const { read } = loaded;
  if (read.ok) {
    const { name, category, description } = read.playbook.metadata;
    return { name, format: read.format, path, category: category ?? "", description: description ?? "", error: null };
  }
  const [first] = await pointAt(read.findings, read.source);
  return { ...bare, error: first ? `${first.line}:${first.col}: ${first.message}` : "it cannot be read" };
}
