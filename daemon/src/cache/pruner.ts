/** Keeps the cache within its bounds: by last use, the oldest first. Remembers for a while what it took, to say so. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PruneCache } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { CacheLimits } from "../config.ts";
import type { Blobs } from "./blobs.ts";
import type { Entries, Entry, EntryHead } from "./entries.ts";

const DAY_MS = 86_400_000;
const ENTRIES_MAX = 10_000;
const REMEMBERED_MAX = 1_000;
/** How often age alone is looked at. */
const AGES_EVERY_MS = 3_600_000;

type Remembered = Record<string, string>;

export type PrunerOptions = {
  readonly root: string;
  readonly fs: DurableFs;
  readonly limits: CacheLimits;
  readonly blobs: Blobs;
  readonly entries: Entries;
  /** Entries that are about to be written: their blobs are in use. */
  readonly staged: () => Iterable<Entry>;
};

export class Pruner {
  readonly #options: PrunerOptions;
  readonly #storing = new Set<Promise<unknown>>();
  readonly #pinned = new Map<string, number>();
  #pruning: Promise<unknown> = Promise.resolve();
  #remembered: Remembered = {};
  /** Never too small: what entries share counts for each, until it is counted anew. */
  #bytesAtMost = 0;
  #agesAtMs = 0;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  /** Drops blobs that no entry has: of entries that never came to be. */
  async open(): Promise<void> {
    const text = await readFile(this.#path(), "utf8").catch(() => "{}");
    this.#remembered = parsed(text);
    await this.#sweep();
    this.#bytesAtMost = this.bytes();
  }

  /** Why there is no entry of this key any more; undefined when nobody remembers one. */
  reasonOf(key: string): string | undefined {
    return Object.hasOwn(this.#remembered, key) ? this.#remembered[key] : undefined;
  }

  /** No blob goes while `work` stores some; what it pins stays until it is done. */
  async whileStoring<T>(work: (pin: (digest: string) => void) => Promise<T>): Promise<T> {
    await this.#pruning;
    const pins: string[] = [];
    const running = work((digest) => {
      pins.push(digest);
      this.#pinned.set(digest, (this.#pinned.get(digest) ?? 0) + 1);
    });
    this.#storing.add(running);
    try {
      return await running;
    } finally {
      this.#storing.delete(running);
      for (const digest of pins) {
        const count = (this.#pinned.get(digest) ?? 1) - 1;
        if (count === 0) this.#pinned.delete(digest);
        else this.#pinned.set(digest, count);
      }
    }
  }

  /** An entry was written: makes room when the bounds are passed. */
  written(entry: Entry): void {
    this.#bytesAtMost += [...entry.written, ...entry.files].reduce((sum, { bytes }) => sum + bytes, 0);
    delete this.#remembered[entry.key];
    const { bytesMax, daysMax } = this.#options.limits;
    const isFull = this.#bytesAtMost > bytesMax || this.#options.entries.heads().length > ENTRIES_MAX;
    if (!isFull && Date.now() - this.#agesAtMs < AGES_EVERY_MS) return;
    this.#agesAtMs = Date.now();
    this.prune({ olderThanMs: daysMax * DAY_MS, bytesMax }, "by the settings").catch(() => undefined);
  }

  async prune(
    query: PruneCache,
    why = "as somebody asked",
  ): Promise<{ readonly removed: readonly EntryHead[]; readonly bytes: number }> {
    const pruned = this.#pruning.then(async () => this.#prune(query, why));
    this.#pruning = pruned.catch(() => undefined);
    return pruned;
  }

  async close(): Promise<void> {
    await this.#pruning;
  }

  async #prune(query: PruneCache, why: string): Promise<{ removed: EntryHead[]; bytes: number }> {
    const before = this.bytes();
    const chosen = choose(this.#options.entries.heads(), query);
    const bytes = before - bytesOf(this.#options.entries.heads().filter((head) => !chosen.has(head)));
    const removed = [...chosen];
    if (query.dryRun === true) return { removed, bytes };
    const at = new Date().toISOString();
    for (const { key, from } of chosen) {
      this.#remembered[key] = `what job #${from.number} stored was removed ${at}, ${why}`;
      await this.#options.entries.remove(key);
    }
    if (removed.length > 0) await this.#remember();
    await Promise.allSettled(this.#storing);
    await this.#sweep();
    this.#bytesAtMost = this.bytes();
    return { removed, bytes };
  }

  async #sweep(): Promise<void> {
    const { blobs, entries, staged } = this.#options;
    const used = new Set(entries.heads().flatMap((head) => head.blobs.map(({ digest }) => digest)));
    for (const entry of staged()) for (const { digest } of [...entry.written, ...entry.files]) used.add(digest);
    for (const digest of await blobs.all()) {
      if (!used.has(digest) && !this.#pinned.has(digest)) await blobs.remove(digest);
    }
  }

  async #remember(): Promise<void> {
    this.#remembered = Object.fromEntries(Object.entries(this.#remembered).slice(-REMEMBERED_MAX));
    await this.#options.fs.writeAtomic(this.#path(), Buffer.from(JSON.stringify(this.#remembered)));
  }

  /** All there is; what entries share counts once. */
  bytes(): number {
    return bytesOf(this.#options.entries.heads());
  }

  #path(): string {
    return join(this.#options.root, "removed.json");
  }
}

/** Who has to go: all, or what is too old and then the least recently used until the rest fits. */
function choose(heads: readonly EntryHead[], { all, olderThanMs, bytesMax }: PruneCache): Set<EntryHead> {
  if (all === true) return new Set(heads);
  const chosen = new Set<EntryHead>();
  const oldest = [...heads].sort((a, b) => a.usedAtMs - b.usedAtMs);
  for (const head of oldest)
    if (olderThanMs !== undefined && Date.now() - head.usedAtMs > olderThanMs) chosen.add(head);
  // From the newest on, each takes the room of what it alone has.
  const seen = new Set<string>();
  let bytes = 0;
  let count = 0;
  for (const head of oldest.reverse()) {
    if (chosen.has(head)) continue;
    for (const blob of head.blobs) {
      if (!seen.has(blob.digest)) bytes += blob.bytes;
      seen.add(blob.digest);
    }
    bytes += head.ownBytes;
    count += 1;
    if ((bytesMax !== undefined && bytes > bytesMax) || count > ENTRIES_MAX) chosen.add(head);
  }
  return chosen;
}

function bytesOf(heads: readonly EntryHead[]): number {
  const sizes = new Map(heads.flatMap((head) => head.blobs.map(({ digest, bytes }) => [digest, bytes] as const)));
  const own = heads.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, own);
}

/** Only words for people: a damaged file of them is an empty one. */
function parsed(text: string): Remembered {
  try {
    return JSON.parse(text) as Remembered;
  } catch {
    return {};
  }
}
