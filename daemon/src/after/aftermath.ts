/**
 * What a job owes to others than its own scripts: notices, and the undo of a job that went wrong. Derived from its facts,
 * whoever the daemon was when they came about. A mark in `after/` says that a job may owe something; it is made before
 * the job is accepted and goes when nothing is owed any more, so a start reads that folder and no history.
 *
 *   fact on disk ─▶ due notices (pure) ─▶ sent ─▶ `notifications.json` of the job says so
 *
 * A daemon that dies between the last two sends again: at least once, under the same key.
 */
import { join } from "node:path";
import { hasEnded, noticesOf, noticeText, type JobState, type Notice } from "@aither/core";
import type { EngineFace, Published } from "@aither/engine";
import type { JobId, NoticeView, Plan } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Log, Store } from "../host.ts";
import type { JobFolders } from "../store/job-folders.ts";
import { errorCode } from "../store/errors.ts";
import { isJobId } from "../store/layout.ts";
import { placeOf, tell } from "./tell.ts";
import { startUndo } from "./undo.ts";

/** Waits before the second attempt and those after it. */
const PAUSES_MS = [1_000, 5_000, 25_000, 125_000];

type Records = Record<string, NoticeView>;

export type AftermathParts = {
  readonly folder: string;
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly store: Store;
  readonly engine: EngineFace;
  readonly log: Log;
};

export class Aftermath {
  readonly #parts: AftermathParts;
  readonly #telling = new Set<string>();
  readonly #looking = new Map<JobId, Promise<void>>();
  readonly #writing = new Map<JobId, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: AftermathParts) {
    this.#parts = parts;
  }

  /** What earlier daemons did not come to. */
  async start(): Promise<void> {
    const { fs, folder } = this.#parts;
    await fs.makeDir(folder);
    for (const name of await fs.readDir(folder)) if (isJobId(name)) this.#look(name as JobId);
  }

  /** Before a job is accepted: durable when it resolves. */
  async expect(jobId: JobId, plan: Plan): Promise<void> {
    if (!owes(plan)) return;
    const { fs, folder } = this.#parts;
    await fs.createExclusive(join(folder, jobId), new Uint8Array()).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
    await fs.syncDir(folder);
  }

  /** Listens to the engine. */
  readonly onPublished = ({ event, state }: Published): void => {
    if (!owes(state.plan)) return;
    if (hasEnded(state) || noticesOf(state.plan, event).length > 0) this.#look(state.id);
  };

  /** Who was told of a job, is to be told, or could not be told. */
  async notices(state: JobState): Promise<readonly NoticeView[]> {
    if ((state.plan.notifications ?? []).length === 0) return [];
    const records = await this.#records(state.id);
    return (await this.#due(state)).map((notice) => records[notice.key] ?? untold(state, notice));
  }

  /** Lets go of what is under way; another daemon goes on with it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#looking.values(), ...this.#writing.values()]);
  }

  /** One look at a job after the other: what comes meanwhile is seen by the next one. */
  #look(jobId: JobId): void {
    const before = this.#looking.get(jobId) ?? Promise.resolve();
    const looking = before
      .then(async () => {
        if (!this.#closing.signal.aborted) await this.#work(jobId);
      })
      .catch((error: unknown) => {
        this.#parts.log.error({ jobId, reason: String(error) }, "what a job owes could not be looked after");
      })
      .finally(() => {
        if (this.#looking.get(jobId) === looking) this.#looking.delete(jobId);
      });
    this.#looking.set(jobId, looking);
  }

  async #work(jobId: JobId): Promise<void> {
    const { store, fs, folder, engine, log } = this.#parts;
    const state = await store.state(jobId);
    if (state === null) return void (await fs.unlink(join(folder, jobId)));
    const records = await this.#records(jobId);
    const due = (await this.#due(state)).filter(({ key }) => (records[key]?.status ?? "pending") === "pending");
    for (const notice of due) void this.#tell(state, notice);
    if (!hasEnded(state)) return;
    if (state.plan.undoOnFailure === true && state.status !== "Completed") {
      const undone = await startUndo({ store, engine }, state, "daemon");
      if (!undone.ok) log.info({ jobId, reason: undone.problem.detail }, "the job is not undone");
    }
    if (due.length === 0) await fs.unlink(join(folder, jobId));
  }

  /** Only of facts that the state knows: what came since is news of the next look, with the words of its state. */
  async #due(state: JobState): Promise<Notice[]> {
    const due: Notice[] = [];
    for await (const event of this.#parts.store.events(state.id)) {
      if (event.seq <= state.seq) due.push(...noticesOf(state.plan, event));
    }
    return due;
  }

  async #tell(state: JobState, notice: Notice): Promise<void> {
    const id = `${state.id} ${notice.key}`;
    if (this.#telling.has(id)) return;
    this.#telling.add(id);
    const { signal } = this.#closing;
    try {
      // Read only now: what was told since the caller looked is written before `#telling` lets go of it.
      const before = (await this.#records(state.id))[notice.key];
      if (before !== undefined && before.status !== "pending") return;
      for (let attempt = (before?.attempts ?? 0) + 1; !signal.aborted; attempt += 1) {
        const origin = await this.#parts.store.origin(state.id);
        const masker = await this.#parts.store.secrets.of(state.id);
        const told = await tell({ state, notice, env: origin?.env ?? {}, masker, signal });
        if (signal.aborted) return;
        const isLast = told.final || attempt > PAUSES_MS.length;
        const status = told.ok ? "delivered" : isLast ? "failed" : "pending";
        const at = new Date().toISOString();
        const view = { ...untold(state, notice), status, attempts: attempt, detail: told.detail, at } as const;
        await this.#record(state.id, notice.key, masker?.document(view) ?? view);
        if (status !== "pending") break;
        await pause(PAUSES_MS[attempt - 1] ?? 0, signal);
      }
    } catch (error) {
      this.#parts.log.error({ jobId: state.id, reason: String(error) }, "a notice could not be sent");
    } finally {
      this.#telling.delete(id);
      if (!signal.aborted) this.#look(state.id);
    }
  }

  async #records(jobId: JobId): Promise<Records> {
    const path = await this.#path(jobId);
    if (path === null) return {};
    try {
      return JSON.parse((await this.#parts.fs.readFile(path)).toString("utf8")) as Records;
    } catch (error) {
      if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return {};
      throw error;
    }
  }

  async #record(jobId: JobId, key: string, view: NoticeView): Promise<void> {
    const writing = (this.#writing.get(jobId) ?? Promise.resolve()).then(async () => {
      const path = await this.#path(jobId);
      if (path === null) return;
      const records = { ...(await this.#records(jobId)), [key]: view };
      await this.#parts.fs.writeAtomic(path, Buffer.from(`${JSON.stringify(records, null, 2)}\n`));
    });
    const settled = writing.catch(() => undefined);
    this.#writing.set(jobId, settled);
    await writing;
    if (this.#writing.get(jobId) === settled) this.#writing.delete(jobId);
  }

  async #path(jobId: JobId): Promise<string | null> {
    const folder = await this.#parts.folders.find(jobId);
    return folder === undefined ? null : join(folder, "notifications.json");
  }
}

function owes(plan: Plan): boolean {
  return plan.undoOnFailure === true || (plan.notifications ?? []).length > 0;
}

function untold(state: JobState, notice: Notice): NoticeView {
  const { on, notification } = notice;
  const { channel } = notification;
  const message = noticeText(state, notice);
  return { on, channel, to: placeOf(notification), message, status: "pending", attempts: 0, detail: "", at: null };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener("abort", done, { once: true });
  });
}
