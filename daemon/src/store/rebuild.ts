/** Making again, from the journals, what is derived from them. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { evolve, summary, type JobState } from "@aither/core";
import type { JobId, JobSummary } from "@aither/protocol";
import { leftoverTemporaries, type DurableFs } from "@aither/supervise";
import type { Log, Secrets, SetAside } from "../host.ts";
import type { Masker } from "../secrets/masker.ts";
import { errorCode, JournalDamaged, JournalNewer } from "./errors.ts";
import type { IndexEntry } from "./index-lines.ts";
import type { JobFolders } from "./job-folders.ts";
import { isEnd, readFirstEvent } from "./journal-text.ts";
import type { FileJournal } from "./journal.ts";
import type { LastLook } from "./last-look.ts";
import { jobFiles } from "./layout.ts";
import type { Projections } from "./projections.ts";

/** Folders looked at in one go while mending, and the pause after them: nobody may feel it. */
const MEND_AT_ONCE = 50;
const MEND_PAUSE_MS = 20;

export type RebuildOptions = {
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly journal: FileJournal;
  readonly projections: Projections;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly lastLook: LastLook;
};

export class Rebuild {
  readonly #options: RebuildOptions;
  readonly #closed = new AbortController();
  #mending: Promise<void> = Promise.resolve();

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  /** The state a journal stands for; null when there is none. Throws `JournalDamaged`. */
  async fold(jobId: JobId): Promise<JobState | null> {
    let state: JobState | null = null;
    for await (const event of this.#options.journal.walk(jobId)) {
      try {
        state = evolve(state, event);
      } catch (error) {
        // Each event could be read, but they do not fit together.
        const what = error instanceof Error ? error.message : String(error);
        throw new JournalDamaged({ jobId, file: jobFiles.events, line: event.seq }, what);
      }
    }
    return state;
  }

  /** For a new index: `metadata.json` where it is whole and says the end, else the journal. */
  async *finishedJobs(): AsyncIterable<IndexEntry> {
    for await (const { jobId, folder } of this.#options.folders.all()) {
      const entry = (await this.#fromMetadata(folder)) ?? (await this.#fromJournal(jobId, folder));
      if (entry !== null) yield entry;
    }
  }

  /** Open jobs that cannot be continued, why, and as they were last known, if at all. */
  async setAside(): Promise<(SetAside & { readonly known: JobSummary | null })[]> {
    const found = [];
    for (const [jobId, error] of this.#options.journal.setAside) {
      const folder = await this.#options.folders.find(jobId);
      const last = folder === undefined ? null : await this.#lastKnown(jobId, folder);
      const reason = error.message;
      const isNewer = error instanceof JournalNewer;
      const mend = isNewer
        ? "go on with it under the aither that wrote it"
        : `mend it there, or move ${folder ?? error.file} out of the state folder; then aither daemon restart`;
      const known = last === null ? null : { ...last, reason: `set aside: ${reason}` };
      found.push({ jobId, number: last?.number ?? null, reason, mend, known });
    }
    return found;
  }

  /** Looks at the derived files of ended jobs, and writes those that are gone. Ends early when closed. */
  async mend(): Promise<void> {
    this.#mending = this.#mend().catch((error: unknown) => {
      if (errorCode(error) !== "ABORT_ERR") this.#options.log.warn({ reason: String(error) }, "mending was given up");
    });
    await this.#mending;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#mending;
  }

  async #mend(): Promise<void> {
    const { folders, journal, projections, log, lastLook } = this.#options;
    const isUnchanged = await lastLook.begin();
    const open = new Set(await folders.active());
    let [looked, troubles] = [0, 0];
    for await (const { jobId, folder } of folders.all()) {
      if (this.#closed.signal.aborted) return;
      looked += 1;
      if (looked % MEND_AT_ONCE === 0)
        await delay(MEND_PAUSE_MS, undefined, { signal: this.#closed.signal, ref: false });
      if (open.has(jobId) || isUnchanged(folder)) continue;
      try {
        if (await this.#isWhole(folder)) continue;
        if (!isEnd((await journal.load(jobId))?.events.at(-1))) continue;
        const state = await this.fold(jobId);
        if (state !== null) await projections.finish(state);
      } catch (error) {
        // One that was removed meanwhile is not worth a word.
        if (errorCode(error) === "ENOENT") continue;
        troubles += 1;
        log.warn({ jobId, reason: String(error) }, "derived files could not be made again");
      }
    }
    if (troubles === 0) await lastLook.end();
  }

  /** Whether all derived files are there; what a crash left of one is swept away. */
  async #isWhole(folder: string): Promise<boolean> {
    const { fs } = this.#options;
    for (const left of await leftoverTemporaries(fs, folder)) await fs.unlink(left);
    const names = await fs.readDir(folder);
    if (![jobFiles.plan, jobFiles.metadata, jobFiles.result].every((name) => names.includes(name))) return false;
    if (names.includes(jobFiles.summary)) return true;
    // Whether there should be one is known without its journal.
    return (await this.#readDocument(folder))?.["summary"] !== true;
  }

  async #lastKnown(jobId: JobId, folder: string): Promise<JobSummary | null> {
    const known = await this.#readMetadata(folder);
    if (known !== null) {
      const { requestId: _requestId, ...rest } = known;
      return rest as JobSummary;
    }
    try {
      const file = join(folder, jobFiles.events);
      const first = readFirstEvent(await this.#options.fs.readFile(file), { jobId, file });
      return first === null ? null : seen(summary(evolve(null, first)), await this.#options.secrets.of(jobId));
    } catch (error) {
      this.#options.log.warn({ jobId, reason: String(error) }, "nothing is known of a job that is set aside");
      return null;
    }
  }

  async #fromMetadata(folder: string): Promise<IndexEntry | null> {
    const known = await this.#readMetadata(folder);
    if (known === null || typeof known["endedAt"] !== "string" || typeof known["number"] !== "number") return null;
    return { ...known, date: dateOfFolder(folder), top: 0 } as unknown as IndexEntry;
  }

  /** `metadata.json` without what no index has. */
  async #readMetadata(folder: string): Promise<Record<string, unknown> | null> {
    const found = await this.#readDocument(folder);
    if (found === null) return null;
    const { apiVersion: _apiVersion, seq: _seq, summary: _summary, ...known } = found;
    return known;
  }

  /** Null when there is none, or none that can be read: it is derived. */
  async #readDocument(folder: string): Promise<Record<string, unknown> | null> {
    try {
      return JSON.parse((await this.#options.fs.readFile(join(folder, jobFiles.metadata))).toString("utf8")) as Record<
        string,
        unknown
      >;
    } catch {
      return null;
    }
  }

  async #fromJournal(jobId: JobId, folder: string): Promise<IndexEntry | null> {
    try {
      const read = await this.#options.journal.load(jobId);
      if (!isEnd(read?.events.at(-1))) return null;
      const state = await this.fold(jobId);
      if (state === null) return null;
      return { ...indexEntry(state, folder, await this.#options.secrets.of(jobId)), top: 0 };
    } catch (error) {
      const reason = String(error);
      this.#options.log.error({ jobId, reason }, "a journal cannot be read; the job is left out of the index");
      return null;
    }
  }
}

export function indexEntry(state: JobState, folder: string, masker: Masker | null): Omit<IndexEntry, "top"> {
  return { ...seen(summary(state), masker), requestId: state.requestId, date: dateOfFolder(folder) };
}

function seen(known: JobSummary, masker: Masker | null): JobSummary {
  return masker?.document(known) ?? known;
}

function dateOfFolder(folder: string): string {
  return folder.split("/").at(-2) ?? "";
}
