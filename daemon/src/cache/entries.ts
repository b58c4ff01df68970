/**
 * Entries: one small file a key, `entries/<key>`, written whole. Its first line is the digest of the second, so that a
 * damaged one is no entry. When it was last used is the time of its file.
 */
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { CacheOrigin } from "@aither/protocol";
import { leftoverTemporaries, type AttemptFiles, type DurableFs } from "@aither/supervise";
import { summaryPath } from "../store/summaries.ts";
import type { Blob } from "./blobs.ts";
import { digestOf } from "./digest.ts";
import type { Parts } from "./parts.ts";

export type KeptFile = Blob & {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly mode: number;
};

/** What an attempt wrote, by the ending of its file. */
export type WrittenEnding = "log" | "err" | "summary";

export function writtenPath(files: AttemptFiles, ending: WrittenEnding): string {
  return ending === "summary" ? summaryPath(files) : files[ending];
}

export type Entry = {
  readonly v: 1;
  readonly key: string;
  readonly playbook: string;
  readonly from: CacheOrigin;
  readonly exitCode: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly written: readonly (Blob & { readonly ending: WrittenEnding })[];
  readonly files: readonly KeptFile[];
  readonly parts: Parts;
};

/** What is known of each entry without reading it again. */
export type EntryHead = {
  readonly key: string;
  readonly playbook: string;
  readonly from: CacheOrigin;
  readonly blobs: readonly Blob[];
  readonly files: number;
  /** Of the entry's own file. */
  readonly ownBytes: number;
  usedAtMs: number;
};

export class Entries {
  readonly #folder: string;
  readonly #fs: DurableFs;
  readonly #heads = new Map<string, EntryHead>();

  constructor(root: string, fs: DurableFs) {
    this.#folder = join(root, "entries");
    this.#fs = fs;
  }

  async open(): Promise<void> {
    await this.#fs.makeDir(this.#folder);
    for (const path of await leftoverTemporaries(this.#fs, this.#folder)) await rm(path, { force: true });
    for (const key of await readdir(this.#folder)) {
      const entry = await this.read(key);
      if (entry === undefined) continue;
      const { mtimeMs, size } = await stat(join(this.#folder, key));
      this.#heads.set(key, headOf(entry, { usedAtMs: mtimeMs, ownBytes: size }));
    }
  }

  heads(): readonly EntryHead[] {
    return [...this.#heads.values()];
  }

  has(key: string): boolean {
    return this.#heads.has(key);
  }

  /** Undefined when there is none, or a damaged one, which is removed. */
  async read(key: string): Promise<Entry | undefined> {
    const text = await readFile(join(this.#folder, key), "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const at = text.indexOf("\n");
    const body = text.slice(at + 1);
    if (text.slice(0, at) === digestOf(body)) {
      const entry = JSON.parse(body) as Entry;
      if (entry.v === 1 && entry.key === key) return entry;
    }
    await this.remove(key);
    return undefined;
  }

  /** The newest of the same script. */
  newest(playbook: string, script: string): EntryHead | undefined {
    let newest: EntryHead | undefined;
    for (const head of this.#heads.values()) {
      if (head.playbook !== playbook || head.from.script !== script) continue;
      if (newest === undefined || head.from.at > newest.from.at) newest = head;
    }
    return newest;
  }

  /** On disk when it resolves. The later one of a key stays. */
  async write(entry: Entry): Promise<void> {
    const body = JSON.stringify(entry);
    const bytes = Buffer.from(`${digestOf(body)}\n${body}`);
    await this.#fs.writeAtomic(join(this.#folder, entry.key), bytes);
    this.#heads.set(entry.key, headOf(entry, { usedAtMs: Date.now(), ownBytes: bytes.length }));
  }

  async used(key: string): Promise<void> {
    const head = this.#heads.get(key);
    const now = new Date();
    if (head !== undefined) head.usedAtMs = now.getTime();
    await utimes(join(this.#folder, key), now, now).catch(() => undefined);
  }

  async remove(key: string): Promise<void> {
    this.#heads.delete(key);
    await rm(join(this.#folder, key), { force: true });
  }
}

function headOf(entry: Entry, { usedAtMs, ownBytes }: { usedAtMs: number; ownBytes: number }): EntryHead {
  const { key, playbook, from, written, files } = entry;
  const blobs = [...written, ...files].map(({ digest, bytes }) => ({ digest, bytes }));
  return { key, playbook, from, blobs, files: files.length, ownBytes, usedAtMs };
}
