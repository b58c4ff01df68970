/** All that is on disk about jobs, behind one face. Composes journal, folders, derived files, index and output. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { hasEnded, type JobState } from "@aither/core";
import type { EngineFace, Published } from "@aither/engine";
import type { Event, JobId, JobSummary } from "@aither/protocol";
import { createDurableFs, type DurableFs, type Tail } from "@aither/supervise";
import type { KeepLimits } from "../config.ts";
import type { Found, JobPage, JobQuery, Log, Origin, OutputFiles, Removal, SetAside, Store } from "../host.ts";
import { openState } from "./format.ts";
import { JobIndex } from "./index.ts";
import { Learned } from "./learned.ts";
import { JobFolders } from "./job-folders.ts";
import { FileJournal } from "./journal.ts";
import { LastLook } from "./last-look.ts";
import { jobFiles, layout, type Layout } from "./layout.ts";
import { Listing } from "./listing.ts";
import { readOrigin, readOriginNow, writeOrigin } from "./origin.ts";
import { JobSecrets } from "../secrets/job-secrets.ts";
import { formats, textOf } from "../report/formats.ts";
import { reportOf } from "../report/report.ts";
import { writeReports } from "../report/workspace-reports.ts";
import { Artifacts } from "./artifacts.ts";
import { Output } from "./output.ts";
import { Projections } from "./projections.ts";
import { indexEntry, Rebuild } from "./rebuild.ts";
import { ReportNotes } from "./report-notes.ts";
import { Summaries } from "./summaries.ts";
import { Removals } from "./removals.ts";
import { Retention, type PruneQuery } from "./retention.ts";

export class FileStore implements Store {
  readonly layout: Layout;
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly journal: FileJournal;
  readonly output: OutputFiles;
  readonly artifacts: Artifacts;
  readonly summaries: Summaries;
  readonly reports: ReportNotes;
  readonly secrets: JobSecrets;
  readonly #output: Output;
  readonly #index: JobIndex;
  readonly #projections: Projections;
  readonly #rebuild: Rebuild;
  readonly #removals: Removals;
  readonly #retention: Retention;
  readonly #listing: Listing;
  readonly #log: Log;
  #engine: EngineFace | undefined;
  #number = 0;
  /** Jobs removed in this life: the engine may still remember them. */
  readonly #removed = new Set<JobId>();

  constructor(options: { state: string; log: Log; tail: Tail; fs?: DurableFs; bootId?: string }) {
    this.layout = layout(options.state);
    this.fs = options.fs ?? createDurableFs();
    const { fs, layout: names } = this;
    const log = options.log;
    this.#log = log;
    this.folders = new JobFolders(names, fs);
    const folders = this.folders;
    this.secrets = new JobSecrets({
      read: async (jobId) => this.origin(jobId),
      readNow: (jobId) => readOriginNow(join(names.active, jobId)),
      learned: new Learned({ fs, folders, active: names.active }),
      isRemembered: (jobId) => this.#engine?.job(jobId) !== undefined,
      log,
    });
    const { secrets } = this;
    this.journal = new FileJournal({
      fs,
      folders,
      log,
      check: async (_jobId, folder) => void (await readOrigin(fs, folder)),
      onRetire: async (jobId) => this.#finish(jobId),
    });
    this.#projections = new Projections({
      fs,
      folders,
      log,
      secrets,
      summaryOf: async (state) => textOf(formats.md.write(await reportOf({ store: this }, state))),
    });
    const lastLook = new LastLook({ fs, file: names.look, bootId: options.bootId ?? "-" });
    const { journal } = this;
    this.#rebuild = new Rebuild({ fs, folders, log, journal, projections: this.#projections, secrets, lastLook });
    this.#index = new JobIndex({
      fs,
      folder: names.index,
      finishedJobs: () => this.#rebuild.finishedJobs(),
      onRebuild: (reason) => log.warn({ reason }, "the index is made again from the job folders"),
    });
    this.#removals = new Removals({ fs, layout: names, folders, index: this.#index, log });
    this.#retention = new Retention({
      index: this.#index,
      live: () => this.#remembered(),
      remove: async ({ jobId, number }) => this.remove(jobId, number),
      owing: async () => new Set(await fs.readDir(names.after).catch(() => [])),
      log,
    });
    this.#listing = new Listing({
      index: this.#index,
      live: () => this.#remembered(),
      secrets,
      setAside: async () => (await this.#rebuild.setAside()).flatMap(({ known }) => known ?? []),
      isThere: async (jobId) => (await folders.find(jobId)) !== undefined && !this.#removed.has(jobId),
    });
    this.#output = new Output({
      folders,
      tail: options.tail,
      live: (jobId) => this.#engine?.job(jobId),
      secrets: async (jobId) => secrets.values(jobId),
    });
    this.output = this.#output;
    this.artifacts = new Artifacts(folders);
    this.summaries = new Summaries(folders);
    this.reports = new ReportNotes(fs, folders);
  }

  /** Before the engine starts. Throws `StartRefused`, or what the disk said. */
  async open(): Promise<void> {
    await openState(this.fs, this.layout);
    await this.#index.open();
    await this.#removals.open();
    this.#number = this.#index.top;
  }

  /** The last moment in which an open job is known to have been looked after: ISO 8601, or null without open jobs. */
  async lastSeen(): Promise<string | null> {
    let lastMs = 0;
    for (const jobId of (await this.folders.active()) ?? []) {
      lastMs = Math.max(lastMs, changedMs(join(this.layout.active, jobId, jobFiles.events)));
    }
    return lastMs === 0 ? null : new Date(lastMs).toISOString();
  }

  /** Joins the engine: from here on its live jobs are seen, and its events keep the derived files fresh. */
  connect(engine: EngineFace): void {
    this.#engine = engine;
    engine.onPublished((published: Published) => {
      this.#projections.onPublished(published);
      this.#output.onPublished(published);
    });
  }

  /** Makes derived files anew that somebody deleted; in the background, and slowly. */
  mend(): void {
    void this.#rebuild.mend();
  }

  /** After recovery: numbers go on behind those of open jobs, too. */
  settleNumbers(): void {
    for (const state of this.#engine?.jobs() ?? []) this.#number = Math.max(this.#number, state.number);
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  async list(query: JobQuery): Promise<JobPage> {
    return this.#listing.list(query);
  }

  each(): AsyncIterable<JobSummary> {
    return this.#listing.each();
  }

  async find(text: string, scope: { readonly workspace?: string } = {}): Promise<Found> {
    return this.#listing.find(text, scope.workspace);
  }

  async findRequest(requestId: string): Promise<JobId | null> {
    return this.#listing.findRequest(requestId);
  }

  async counts(): Promise<{ active: number; finished: number }> {
    return this.#listing.counts();
  }

  async state(jobId: JobId): Promise<JobState | null> {
    if (this.#removed.has(jobId)) return null;
    return this.#engine?.job(jobId) ?? (await this.#rebuild.fold(jobId));
  }

  async *events(jobId: JobId, after = 0): AsyncIterable<Event> {
    yield* this.journal.read(jobId, after);
  }

  async putOrigin(jobId: JobId, origin: Origin): Promise<void> {
    await writeOrigin(this.fs, await this.folders.create(jobId, Date.now()), origin);
    this.secrets.keep(jobId, origin);
  }

  async origin(jobId: JobId): Promise<Origin | null> {
    const folder = await this.folders.find(jobId);
    return folder === undefined ? null : readOrigin(this.fs, folder);
  }

  async setAside(): Promise<readonly SetAside[]> {
    return (await this.#rebuild.setAside()).map(({ known: _known, ...rest }) => rest);
  }

  /** `known`: its number, where somebody has it at hand. */
  async remove(jobId: JobId, known?: number): Promise<Removal> {
    if (this.#removed.has(jobId)) return { is: "none" };
    const live = this.#engine?.job(jobId);
    if (live !== undefined && !hasEnded(live)) return { is: "active", number: live.number };
    // It may have ended a moment ago.
    if (live !== undefined) await this.journal.retire(jobId);
    const folder = await this.folders.find(jobId);
    const number = live?.number ?? known ?? (await this.#numberOf(jobId));
    if (folder === undefined || number === undefined) return { is: "none" };
    if ((await this.folders.active())?.includes(jobId) === true) return { is: "active", number };
    this.#removed.add(jobId);
    this.#projections.forget(jobId);
    this.secrets.forget(jobId);
    await this.#removals.remove({ jobId, number }, folder);
    return { is: "removed", number };
  }

  async prune(query: PruneQuery): Promise<readonly number[]> {
    return this.#retention.prune(query);
  }

  /** Finished jobs go by themselves from now on, if the settings say so. */
  keep(limits: KeepLimits): void {
    this.#retention.start(limits);
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    await this.#retention.close();
    await this.#rebuild.close();
    await this.#removals.close();
    await this.#projections.close();
    await this.journal.close();
    await this.#index.close();
  }

  *#remembered(): Iterable<JobState> {
    for (const state of this.#engine?.jobs() ?? []) if (!this.#removed.has(state.id)) yield state;
  }

  /** A job has ended: what is derived from it is written, then it may leave `active/`. */
  async #finish(jobId: JobId): Promise<void> {
    const live = this.#engine?.job(jobId);
    const state = live !== undefined && hasEnded(live) ? live : await this.#rebuild.fold(jobId);
    const folder = await this.folders.find(jobId);
    if (state === null || folder === undefined) return;
    this.#number = Math.max(this.#number, state.number);
    // The line of the index first: the engine remembers only so many ended jobs, and what it forgot is looked up there.
    const entry = indexEntry(state, folder, await this.secrets.of(jobId));
    await this.#index.add(entry, this.#number);
    // Before the others: when the summary is there, they are, too.
    const reports = await writeReports({ store: this, log: this.#log }, state);
    await this.reports.write(jobId, reports).catch((error: unknown) => {
      this.#log.warn({ jobId, reason: String(error) }, "what came of the reports could not be written down");
    });
    await this.#projections.finish(state);
    await this.#clearBells(state);
  }

  /** Bells of attempts whose end is in the journal: normally gone long ago. */
  async #clearBells(state: JobState): Promise<void> {
    const names = await this.fs.readDir(this.layout.exits);
    for (const name of names.filter((bell) => bell.startsWith(`${state.id}.`))) {
      await this.fs.unlink(join(this.layout.exits, name));
    }
  }

  async #numberOf(jobId: JobId): Promise<number | undefined> {
    const [entry] = await this.#index.collect(
      (candidate) => candidate.jobId === jobId,
      (kept) => kept.length > 0,
    );
    return entry?.number ?? (await this.#rebuild.fold(jobId))?.number;
  }
}

/** When a file was last written; 0 when it cannot be looked at, whatever the reason. */
function changedMs(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
