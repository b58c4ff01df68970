/**
 * Results of scripts, to be used again (docs/adr/0011).
 *
 *   before the start   look ──hit──▶ restored, nothing starts
 *                        └──miss──▶ the pieces of the key go beside the attempt (`<attempt>.cache`)
 *   at the end         keep: copies of log and files become blobs; nobody sees an entry yet
 *   the fact is there  ScriptCompleted: the entry is written. Any other end: the copies are nobody's
 *
 * So an entry is the result of a script that is known to have completed, and the world that a script finds was not
 * touched by those behind it. A crash anywhere costs an entry, never a wrong one.
 */
import { readFile } from "node:fs/promises";
import type { EnsureRequest, Published } from "@aither/engine";
import type { CacheEntryView, CacheNote, JobId, PruneCache } from "@aither/protocol";
import type { AttemptFiles, DurableFs } from "@aither/supervise";
import type { CacheLimits } from "../config.ts";
import type { Log } from "../host.ts";
import { BlobDamaged, Blobs } from "./blobs.ts";
import { changes } from "./compare.ts";
import { Programs, type Seal, sealWith } from "./digest.ts";
import { Entries, type Entry, type EntryHead } from "./entries.ts";
import { NotKeptResults } from "./not-kept.ts";
import { keyOf, partsOf, type Parts } from "./parts.ts";
import { Pruner } from "./pruner.ts";
import { restore } from "./restore.ts";
import { readSecret } from "./secret.ts";
import { storeResult } from "./store-result.ts";

export type CacheOptions = {
  readonly root: string;
  readonly fs: DurableFs;
  readonly log: Log;
  readonly limits: CacheLimits;
  readonly job: (jobId: JobId) => { readonly number: number; readonly playbook: string } | undefined;
};

/** An attempt whose result may be there, or may be kept. */
export type CacheAttempt = {
  readonly request: EnsureRequest;
  readonly files: AttemptFiles;
  /** The caller's environment. */
  readonly env: Readonly<Record<string, string>>;
};

export type Look =
  | { readonly is: "hit"; readonly note: CacheNote; readonly entry: Pick<Entry, "exitCode" | "outputs"> }
  | { readonly is: "miss"; readonly note: CacheNote }
  /** It is not to start any more; nothing was touched. */
  | { readonly is: "withdrawn" };

type Noted = { readonly note: CacheNote; readonly parts?: Parts };

export class Cache {
  readonly #options: CacheOptions;
  readonly #blobs: Blobs;
  readonly #entries: Entries;
  readonly #programs = new Programs();
  readonly #pruner: Pruner;
  /** Entries whose script has not been said to have completed, by job and script. */
  readonly #staged = new Map<string, { readonly entry: Entry; readonly attempt: number }>();
  readonly #committing = new Map<string, Promise<void>>();
  readonly #notKept: NotKeptResults;
  /** Keys of scripts that run because they were missed, by job and script. */
  readonly #missed = new Map<string, string>();
  #seal: Promise<Seal> | undefined;

  constructor(options: CacheOptions) {
    const { root, fs, limits, log } = options;
    this.#options = options;
    this.#blobs = new Blobs(root, fs);
    this.#entries = new Entries(root, fs);
    this.#notKept = new NotKeptResults({ root, fs, log });
    const staged = (): Iterable<Entry> => [...this.#staged.values()].map(({ entry }) => entry);
    this.#pruner = new Pruner({ root, fs, limits, blobs: this.#blobs, entries: this.#entries, staged });
  }

  /** Looks for an earlier result of the same, and restores it. Trouble with the cache is a miss, never a failure. */
  async look(attempt: CacheAttempt & { readonly mayGoOn: () => boolean }): Promise<Look> {
    try {
      return await this.#look(attempt);
    } catch (error) {
      this.#options.log.warn({ ...attempt.request.ref, reason: textOf(error) }, "the cache could not be asked");
      return {
        is: "miss",
        note: { is: "miss", key: null, because: [`the cache could not be asked: ${textOf(error)}`] },
      };
    }
  }

  /** What was said of an attempt before it started, perhaps by a daemon before this one. */
  async noted(files: AttemptFiles): Promise<CacheNote | undefined> {
    return (await readNote(files))?.note;
  }

  /**
   * To be called when a script has ended well, before anybody is told: what comes next may change its files. `cannot`: why
   * its result is not to be kept, if there is a reason beside those of the cache.
   */
  async keep(
    attempt: CacheAttempt,
    result: Pick<Entry, "exitCode" | "outputs">,
    cannot: string | null = null,
  ): Promise<CacheNote | undefined> {
    const noted = await readNote(attempt.files);
    if (noted?.parts === undefined) return undefined;
    const kept = await this.#stored(attempt, { result, noted, key: keyOf(noted.parts), cannot });
    if (kept.is === "not-stored") this.#remember(attempt.request.ref, kept.key, kept.because);
    return kept;
  }

  async #stored(
    attempt: CacheAttempt,
    {
      result,
      noted,
      key,
      cannot,
    }: { result: Pick<Entry, "exitCode" | "outputs">; noted: Noted; key: string; cannot: string | null },
  ): Promise<CacheNote & { readonly key: string }> {
    if (cannot !== null) return { is: "not-stored", key, because: [cannot] };
    try {
      const because = await this.#pruner.whileStoring(async (pin) => this.#keep(attempt, { result, key, pin, noted }));
      return { is: because.length === 0 ? "stored" : "not-stored", key, because: [...because] };
    } catch (error) {
      this.#options.log.warn({ ...attempt.request.ref, reason: textOf(error) }, "a result could not be kept");
      return { is: "not-stored", key, because: [`the cache could not be written: ${textOf(error)}`] };
    }
  }

  /** The journal decides: only what it calls completed becomes an entry. */
  readonly onPublished = ({ event }: Published): void => {
    if (this.#staged.size + this.#missed.size === 0 || !("script" in event)) return;
    const id = scriptId(event.jobId, event.script);
    this.#told(event, id);
    const staged = this.#staged.get(id);
    if (staged === undefined) return;
    if (event.type === "ScriptCompleted" && event.attempt === staged.attempt) this.#commit(id, staged.entry);
    else if (endsWithoutResult.has(event.type)) this.#staged.delete(id);
  };

  /** A script that was missed has ended: one that failed says so the next time. */
  #told(event: Extract<Published["event"], { script: string }>, id: string): void {
    const key = this.#missed.get(id);
    if (key === undefined || !ends.has(event.type)) return;
    this.#missed.delete(id);
    if (event.type === "ScriptFailed") this.#remember({ jobId: event.jobId, script: event.script }, key, ["it failed"]);
  }

  #remember(ref: Pick<EnsureRequest["ref"], "jobId" | "script">, key: string, because: readonly string[]): void {
    const job = this.#options.job(ref.jobId);
    if (job !== undefined) this.#notKept.remember(job.playbook, ref.script, { key, number: job.number, because });
  }

  /** The last used first. */
  async list(): Promise<{ entries: readonly CacheEntryView[]; bytes: number; limits: CacheLimits }> {
    await this.#ready();
    const heads = [...this.#entries.heads()].sort((a, b) => b.usedAtMs - a.usedAtMs);
    return { entries: heads.map(viewOf), bytes: this.#pruner.bytes(), limits: this.#options.limits };
  }

  async prune(query: PruneCache): Promise<{ readonly removed: readonly CacheEntryView[]; readonly bytes: number }> {
    await this.#ready();
    const { removed, bytes } = await this.#pruner.prune(query);
    return { removed: removed.map(viewOf), bytes };
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#committing.values());
    await this.#notKept.close();
    await this.#pruner.close();
  }

  async #look({ request, files, env, mayGoOn }: CacheAttempt & { mayGoOn: () => boolean }): Promise<Look> {
    const seal = await this.#ready();
    const rule = request.script.cache;
    if (rule === undefined) throw new Error(`${request.ref.script} has no rule for the cache`);
    const made = await partsOf({ request, rule, env }, { seal, programs: this.#programs });
    if ("cannot" in made) return { is: "miss", note: { is: "miss", key: null, because: [...made.cannot] } };
    const key = keyOf(made.parts);
    await this.#committing.get(key);
    const miss = async (note: Omit<CacheNote, "key">): Promise<Look> => {
      const whole = { ...note, key };
      await this.#options.fs.writeAtomic(
        notePath(files),
        Buffer.from(JSON.stringify({ note: whole, parts: made.parts })),
      );
      this.#missed.set(scriptId(request.ref.jobId, request.ref.script), key);
      return { is: "miss", note: whole };
    };
    if (request.cache === "refresh") return miss({ is: "refreshed", because: [] });
    if (!this.#entries.has(key)) return miss({ is: "miss", ...(await this.#why(request, key, made.parts)) });
    try {
      const { workspace } = request;
      // Who prunes meanwhile waits: a result is restored whole, or was gone before.
      const found = await this.#pruner.whileStoring(async (pin) => {
        const entry = await this.#entries.read(key);
        if (entry === undefined) return null;
        for (const { digest } of [...entry.written, ...entry.files]) pin(digest);
        return { entry, done: await restore({ entry, blobs: this.#blobs, workspace, files, mayGoOn }) };
      });
      if (found === null) {
        const why = this.#pruner.reasonOf(key) ?? "what was stored was damaged, and is removed";
        return await miss({ is: "miss", because: [why] });
      }
      const { entry, done } = found;
      if (!done) return { is: "withdrawn" };
      await this.#entries.used(key);
      return { is: "hit", note: { is: "hit", key, because: [], from: entry.from }, entry };
    } catch (error) {
      if (!(error instanceof BlobDamaged)) {
        return miss({ is: "miss", because: [`what was stored could not be restored: ${textOf(error)}`] });
      }
      this.#options.log.warn({ key, digest: error.digest }, "an entry of the cache is damaged and was removed");
      await this.#entries.remove(key);
      await this.#blobs.remove(error.digest);
      return miss({ is: "miss", because: ["what was stored was damaged, and is removed"] });
    }
  }

  /** Compared with the newest result of the same script. */
  async #why(request: EnsureRequest, key: string, parts: Parts): Promise<Pick<CacheNote, "because" | "from">> {
    const pruned = this.#pruner.reasonOf(key);
    if (pruned !== undefined) return { because: [pruned] };
    const playbook = this.#playbookOf(request.ref.jobId);
    const notKept = this.#notKept.of(playbook, request.ref.script);
    const why = notKept && `its result of job #${notKept.number} was not kept: ${notKept.because.join("; ")}`;
    if (notKept?.key === key && why !== undefined) return { because: [why] };
    const head = this.#entries.newest(playbook, request.ref.script);
    const entry = head === undefined ? undefined : await this.#entries.read(head.key);
    if (entry === undefined) return { because: ["nothing is stored of it", ...(why === undefined ? [] : [why])] };
    return { because: changes(entry.parts, parts), from: entry.from };
  }

  async #keep(
    { request, files, env }: CacheAttempt,
    now: {
      readonly result: Pick<Entry, "exitCode" | "outputs">;
      readonly key: string;
      readonly pin: (digest: string) => void;
      readonly noted: Noted;
    },
  ): Promise<readonly string[]> {
    const seal = await this.#ready();
    const { ref, workspace, script } = request;
    const rule = script.cache;
    if (rule === undefined || now.noted.parts === undefined) return ["it declares no `cache`"];
    const again = await partsOf({ request, rule, env }, { seal, programs: this.#programs });
    if ("cannot" in again) return again.cannot;
    const changed = changes(now.noted.parts, again.parts);
    if (changed.length > 0) return changed.map((line) => `${line} while it ran`);
    const { bytesMax } = this.#options.limits;
    const stored = await storeResult({ rule, workspace, files, blobs: this.#blobs, bytesMax, pin: now.pin });
    if ("cannot" in stored) return stored.cannot;
    const number = this.#options.job(ref.jobId)?.number ?? 0;
    const from = { jobId: ref.jobId, number, script: ref.script, at: new Date().toISOString() };
    const playbook = this.#playbookOf(ref.jobId);
    const entry: Entry = { v: 1, key: now.key, playbook, from, ...now.result, ...stored, parts: again.parts };
    this.#staged.set(scriptId(ref.jobId, ref.script), { entry, attempt: ref.attempt });
    return [];
  }

  #commit(id: string, entry: Entry): void {
    const before = this.#committing.get(entry.key);
    const writing = (async () => {
      await before;
      await this.#entries.write(entry);
      this.#notKept.forget(entry.playbook, entry.from.script);
    })()
      .catch((error: unknown) =>
        this.#options.log.warn({ key: entry.key, reason: textOf(error) }, "no entry was written"),
      )
      .finally(() => {
        this.#staged.delete(id);
        if (this.#committing.get(entry.key) === writing) this.#committing.delete(entry.key);
        this.#pruner.written(entry);
      });
    this.#committing.set(entry.key, writing);
  }

  #playbookOf(jobId: JobId): string {
    return this.#options.job(jobId)?.playbook ?? "";
  }

  /** Opened by the first who needs it: a home that never caches has no folder and pays nothing. */
  async #ready(): Promise<Seal> {
    this.#seal ??= this.#open();
    try {
      return await this.#seal;
    } catch (error) {
      this.#seal = undefined;
      throw error;
    }
  }

  async #open(): Promise<Seal> {
    const { root, fs } = this.#options;
    await fs.makeDir(root);
    const secret = await readSecret(root, fs);
    await this.#blobs.open();
    await this.#entries.open();
    await this.#pruner.open();
    await this.#notKept.open();
    return sealWith(secret);
  }
}

const endsWithoutResult: ReadonlySet<string> = new Set([
  "ScriptRetried",
  "ScriptInterrupted",
  "ScriptFailed",
  "ScriptSkipped",
  "ScriptCancelled",
]);

const ends: ReadonlySet<string> = new Set(["ScriptCompleted", "ScriptFailed", "ScriptSkipped", "ScriptCancelled"]);

function viewOf({ key, playbook, from, blobs, files, usedAtMs }: EntryHead): CacheEntryView {
  return {
    key,
    playbook,
    script: from.script,
    jobId: from.jobId,
    number: from.number,
    storedAt: from.at,
    usedAt: new Date(usedAtMs).toISOString(),
    bytes: blobs.reduce((sum, { bytes }) => sum + bytes, 0),
    files,
  };
}

function scriptId(jobId: JobId, script: string): string {
  return `${jobId} ${script}`;
}

function notePath(files: AttemptFiles): string {
  return `${files.base}.cache`;
}

/** Undefined when there is none: the cache was not asked, or it could not be. */
async function readNote(files: AttemptFiles): Promise<Noted | undefined> {
  const text = await readFile(notePath(files), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Noted);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
