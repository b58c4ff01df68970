/** The truth on disk: one append-only `events.ndjson` a job. What `append` resolved for is there after any crash. */
import { join } from "node:path";
import { JournalConflict, type Journal } from "@aither/engine";
import type { Event, JobId } from "@aither/protocol";
import type { AppendHandle, DurableFs } from "@aither/supervise";
import { breather } from "../breather.ts";
import type { Log } from "../host.ts";
import { errorCode, JournalDamaged, JournalNewer } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { eachEvent, eventLines, eventsBehind, isEnd, readJournalBytes, type JournalRead } from "./journal-text.ts";
import { jobFiles } from "./layout.ts";

/** Open journals: a job that is quiet for long gives its file back. */
const OPEN_HANDLES_MAX = 128;
/** Longer journals are gone through twice rather than held in memory as events, which take several times their bytes. */
const LONG_BYTES = 1024 * 1024;

export type JournalOptions = {
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly log: Log;
  /** Whether the rest of what a job is made of can be read. Throws `JournalDamaged`. */
  readonly check: (jobId: JobId, folder: string) => Promise<void>;
  /** The end is durable: make what is derived from it, then the job leaves `active/`. */
  readonly onRetire: (jobId: JobId) => Promise<void>;
};

export class FileJournal implements Journal {
  readonly #options: JournalOptions;
  /** The last seq of every journal that this life has written or recovered. */
  readonly #heads = new Map<JobId, number>();
  /** In order of use, oldest first. */
  readonly #handles = new Map<JobId, AppendHandle>();
  readonly #turns = new Map<JobId, Promise<void>>();
  readonly #retiring = new Map<JobId, Promise<void>>();
  /** Open jobs that cannot be continued; they are listed with this as their reason. */
  readonly setAside = new Map<JobId, JournalDamaged | JournalNewer>();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  async append(jobId: JobId, expectedSeq: number, events: readonly Event[]): Promise<void> {
    const before = this.#turns.get(jobId) ?? Promise.resolve();
    const turn = before.then(async () => this.#append(jobId, expectedSeq, events));
    const quiet = turn.catch(() => undefined);
    this.#turns.set(jobId, quiet);
    try {
      await turn;
    } finally {
      if (this.#turns.get(jobId) === quiet) this.#turns.delete(jobId);
    }
  }

  /** The events behind `after`. None is told of a journal that is damaged anywhere. Never writes. */
  async *read(jobId: JobId, after = 0): AsyncIterable<Event> {
    const found = await this.#find(jobId);
    if (found === null) return;
    const { bytes, at } = found;
    // What this life has written or recovered is known to be whole.
    if (this.#heads.has(jobId)) yield* eventsBehind(bytes, at, { after, breathe: breather() });
    else if (bytes.length < LONG_BYTES) yield* readJournalBytes(bytes, at).events.slice(after);
    else {
      for await (const _ of eventsBehind(bytes, at, { after: 0, breathe: breather() }));
      yield* eventsBehind(bytes, at, { after, breathe: breather() });
    }
  }

  /** All events of a journal, one by one; what is damaged is said when it is come to. Never writes. */
  async *walk(jobId: JobId): AsyncIterable<Event> {
    const found = await this.#find(jobId);
    if (found !== null) yield* eventsBehind(found.bytes, found.at, { after: 0, breathe: breather() });
  }

  /** The journal as it is on disk, without a torn tail; null when there is none. Never writes. */
  async load(jobId: JobId): Promise<JournalRead | null> {
    const found = await this.#find(jobId);
    return found === null ? null : readJournalBytes(found.bytes, found.at);
  }

  async #find(jobId: JobId): Promise<{ bytes: Buffer; at: { jobId: JobId; file: string } } | null> {
    const folder = await this.#options.folders.find(jobId);
    if (folder === undefined) return null;
    const file = join(folder, jobFiles.events);
    const bytes = await this.#bytes(file);
    return bytes === null ? null : { bytes, at: { jobId, file } };
  }

  /** `active/` is derived, too: when it is gone, the journals without an end are what was in it. */
  async openJobs(): Promise<readonly JobId[]> {
    const { folders, fs } = this.#options;
    const linked = await folders.active();
    if (linked !== null) return linked;
    this.#options.log.warn({}, "active/ is gone and is made again from the journals");
    await folders.makeActive();
    const open: JobId[] = [];
    for await (const { jobId, folder } of folders.all()) {
      const last = await lastRecord(fs, join(folder, jobFiles.events));
      if (last === undefined || isEnd(last)) continue;
      await folders.link(jobId, folder);
      open.push(jobId);
    }
    return open;
  }

  /** What cannot be gone on with is in `setAside`, and nothing of it is touched. */
  async recover(jobId: JobId, take: (event: Event) => void): Promise<boolean> {
    let last: Event | undefined;
    try {
      last = await this.#recover(jobId, take);
    } catch (error) {
      if (!(error instanceof JournalDamaged || error instanceof JournalNewer)) throw error;
      this.#setAside(jobId, error);
      return false;
    }
    if (last === undefined) return false;
    if (!isEnd(last)) {
      this.#heads.set(jobId, last.seq);
      return true;
    }
    // The crash came between the end and its retirement.
    await this.retire(jobId);
    return false;
  }

  async retire(jobId: JobId): Promise<void> {
    const retiring = this.#retiring.get(jobId) ?? this.#retire(jobId);
    this.#retiring.set(jobId, retiring);
    try {
      await retiring;
    } finally {
      this.#retiring.delete(jobId);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#turns.values());
    for (const handle of this.#handles.values()) await handle.close();
    this.#handles.clear();
  }

  async #retire(jobId: JobId): Promise<void> {
    const { folders, onRetire, log } = this.#options;
    if (!(await folders.isLinked(jobId))) return;
    try {
      await onRetire(jobId);
      await folders.unlink(jobId);
    } catch (error) {
      // All of this is derived; while the link stays, the next life makes up for it.
      log.warn({ jobId, reason: String(error) }, "an ended job could not be put away");
    }
    this.#heads.delete(jobId);
    const handle = this.#handles.get(jobId);
    this.#handles.delete(jobId);
    await handle?.close();
  }

  async #append(jobId: JobId, expectedSeq: number, events: readonly Event[]): Promise<void> {
    const first = events[0];
    if (first === undefined) return;
    if (expectedSeq > 0) {
      await this.#expect(jobId, expectedSeq);
      const handle = await this.#handle(jobId);
      await handle.append(eventLines(events));
      await handle.sync();
    } else await this.#create(jobId, Date.parse(first.time), events);
    this.#heads.set(jobId, expectedSeq + events.length);
  }

  async #create(jobId: JobId, nowMs: number, events: readonly Event[]): Promise<void> {
    const { folders } = this.#options;
    const folder = await folders.create(jobId, nowMs);
    const handle = await this.#handle(jobId);
    // A new file says by its size that nothing is in it: no need to read.
    if (handle.size > 0 || this.#heads.has(jobId)) await this.#expect(jobId, 0);
    // The link comes first: a job whose journal is there and that start-up does not see would be a lost one.
    await folders.link(jobId, folder);
    await handle.append(eventLines(events));
    await Promise.all([handle.sync(), folders.syncNames(folder)]);
  }

  async #expect(jobId: JobId, expectedSeq: number): Promise<void> {
    const foundSeq = this.#heads.get(jobId) ?? (await this.load(jobId))?.events.length ?? 0;
    if (foundSeq !== expectedSeq) throw new JournalConflict({ jobId, expectedSeq, foundSeq });
  }

  async #handle(jobId: JobId): Promise<AppendHandle> {
    const open = this.#handles.get(jobId);
    if (open !== undefined) {
      this.#handles.delete(jobId);
      this.#handles.set(jobId, open);
      return open;
    }
    const folder = await this.#options.folders.find(jobId);
    if (folder === undefined) throw new Error(`the folder of job ${jobId} is gone`);
    const handle = await this.#options.fs.openAppend(join(folder, jobFiles.events));
    this.#handles.set(jobId, handle);
    for (const [idle, other] of this.#handles) {
      if (this.#handles.size <= OPEN_HANDLES_MAX) break;
      if (idle === jobId || this.#turns.has(idle)) continue;
      this.#handles.delete(idle);
      await other.close();
    }
    return handle;
  }

  /** The last event of a job, whose torn tail is cut; undefined when it never began. */
  async #recover(jobId: JobId, take: (event: Event) => void): Promise<Event | undefined> {
    const { fs, folders, log, check } = this.#options;
    await folders.checkLink(jobId);
    const folder = await folders.find(jobId);
    const file = join(folder ?? "", jobFiles.events);
    const bytes = folder === undefined ? null : await this.#bytes(file);
    if (folder !== undefined && bytes !== null) await check(jobId, folder);
    let last: Event | undefined;
    const { goodBytes, tornBytes } = eachEvent(bytes ?? Buffer.alloc(0), { jobId, file }, (event) => {
      last = event;
      try {
        take(event);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new JournalDamaged({ jobId, file, line: event.seq }, `these facts contradict each other: ${reason}`);
      }
    });
    if (last === undefined) {
      // Nobody was ever told of it.
      log.warn({ jobId }, "a job that was never accepted is forgotten");
      await folders.unlink(jobId);
      folders.forget(jobId);
      return undefined;
    }
    // What was read may be in memory only: the daemon before this one may have died between its write and its sync.
    // Nothing is believed, and above all no end, before a power cut cannot take it back.
    await fs.syncFile(file);
    if (tornBytes > 0) {
      log.warn({ jobId, file, keptBytes: goodBytes, cutBytes: tornBytes }, "cut the torn end of a journal");
      await fs.truncate(file, goodBytes);
    }
    return last;
  }

  /** Null when there is no such file. */
  async #bytes(file: string): Promise<Buffer | null> {
    try {
      return await this.#options.fs.readFile(file);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
  }

  #setAside(jobId: JobId, error: JournalDamaged | JournalNewer): void {
    this.setAside.set(jobId, error);
    this.#options.log.error({ jobId, reason: error.message }, "a job is set aside: it cannot be continued");
  }
}

/** The last whole line as an event, or as little of one as it takes to be none; undefined when there is no journal. */
async function lastRecord(fs: DurableFs, file: string): Promise<Event | undefined> {
  let bytes: Buffer;
  try {
    bytes = await fs.readFile(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const lines = bytes.toString("utf8").split("\n");
  for (const line of lines.reverse().slice(0, 2)) {
    try {
      if (line !== "") return JSON.parse(line) as Event;
    } catch {
      continue;
    }
  }
  return { type: "OrchestrationStarted" } as Event;
}
