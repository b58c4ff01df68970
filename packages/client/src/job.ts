import type {
  CancelJob,
  Diagnostic,
  Event,
  EventOf,
  EventType,
  JobDetail,
  LogLine,
  PauseJob,
  ReportFormat,
  Reply,
  RetryJob,
  StartJobReply,
} from "@aither/protocol";
import { call, open } from "./call.ts";
import { events, type EventsOptions } from "./events.ts";
import { logs, rawLogs, type LogsOptions } from "./logs.ts";
import { isUnreachable, wasReached } from "./problem.ts";
import { pause, RESUME_PATIENCE_MS } from "./resume.ts";
import type { Transport } from "./transport.ts";
import { watchJob, type JobFrame } from "./watch.ts";

export type WaitOptions = { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal | undefined };

/** One question to the daemon waits at most this long, so that a lost daemon is noticed. */
const WAIT_SLICE_MS = 60_000;
const REDIAL_PAUSE_MS = 200;

type Listener = { readonly type: string; readonly tell: (event: Event) => void };

/** A job, by whatever name it was asked for. Made by `createClient`; `await using` ends what it listens to. */
export class JobHandle implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #listeners = new Set<Listener>();
  readonly #closing = new AbortController();
  #ref: string;
  #number: number | null;
  #listening: Promise<void> | null = null;

  /** Slips that the daemon found when it was started by this very call; they forbid no start. */
  readonly warnings: readonly Diagnostic[];

  constructor(transport: Transport, ref: string, started?: Pick<StartJobReply, "number" | "warnings">) {
    this.#transport = transport;
    this.#ref = ref;
    this.#number = started?.number ?? null;
    this.warnings = started?.warnings ?? [];
  }

  /** Its id once an answer has named it; until then what it was asked for by (`latest`, `42`, a playbook's name). */
  get id(): string {
    return this.#ref;
  }

  /** The small number people type; null until an answer has named it. */
  get number(): number | null {
    return this.#number;
  }

  /** Asks for the number, and pins the name to the id, unless an answer has told them. */
  async named(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#number === null) await this.status(options);
  }

  /** The job whole, now. */
  async status(options: { readonly signal?: AbortSignal } = {}): Promise<JobDetail> {
    return this.#pin(await call(this.#transport, "showJob", { params: { id: this.#ref }, signal: options.signal }));
  }

  /**
   * The job when it has ended, or its present state when `timeoutMs` ran out: `hasEnded(job)` tells which.
   * Survives a restart of the daemon.
   */
  async wait({ timeoutMs, signal }: WaitOptions = {}): Promise<JobDetail> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
    let silentSince = Date.now();
    let again = false;
    for (;;) {
      const slice = Math.max(0, Math.min(WAIT_SLICE_MS, deadline - Date.now()));
      try {
        const options = { params: { id: this.#ref }, query: { timeoutMs: Math.ceil(slice) }, signal };
        const job = this.#pin(
          await call(this.#transport, "waitJob", { ...options, wake: again ? "crashed" : "always" }),
        );
        if (hasEnded(job) || Date.now() >= deadline) return job;
        silentSince = Date.now();
      } catch (error) {
        const known = again || wasReached(error);
        const silentMs = Date.now() - silentSince;
        if (signal?.aborted || !isUnreachable(error) || !known || silentMs > RESUME_PATIENCE_MS) throw error;
        await pause(REDIAL_PAUSE_MS, signal);
      }
      again = true;
    }
  }

  async cancel(options: CancelJob = {}): Promise<void> {
    this.#pin(await call(this.#transport, "cancelJob", { params: { id: this.#ref }, body: options }));
  }

  /** With `freeze`, running scripts stand still too; resolves when they do. */
  async pause(options: PauseJob = {}): Promise<void> {
    this.#pin(await call(this.#transport, "pauseJob", { params: { id: this.#ref }, body: options }));
  }

  async resume(): Promise<void> {
    this.#pin(await call(this.#transport, "resumeJob", { params: { id: this.#ref }, body: {} }));
  }

  /** Skips a stage (id or name) or a script (key, number or name). */
  async skip(target: string, options: { readonly reason?: string } = {}): Promise<void> {
    this.#pin(await call(this.#transport, "skipInJob", { params: { id: this.#ref }, body: { target, ...options } }));
  }

  /** Writes to the standard input of a running script; `eof` then ends it. */
  async send(text: string, options: { readonly script?: string; readonly eof?: boolean } = {}): Promise<void> {
    this.#pin(await call(this.#transport, "sendInput", { params: { id: this.#ref }, body: { text, ...options } }));
  }

  /** Starts it anew as another job. */
  async retry(options: RetryJob = {}): Promise<JobHandle> {
    const reply = await call(this.#transport, "retryJob", { params: { id: this.#ref }, body: options });
    return new JobHandle(this.#transport, reply.jobId, reply);
  }

  /** Removes a job that has ended, with its files. */
  async remove(): Promise<void> {
    await call(this.#transport, "removeJob", { params: { id: this.#ref } });
  }

  /** Output, piece by piece, over any gap. */
  async *logs(options: LogsOptions = {}): AsyncGenerator<LogLine, void, undefined> {
    yield* logs(this.#transport, await this.#pinned(options.signal), options);
  }

  /** Output as bytes. */
  async *rawLogs(options: LogsOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    yield* rawLogs(this.#transport, await this.#pinned(options.signal), options);
  }

  /** What it keeps. */
  async artifacts(): Promise<Reply<"listArtifacts">> {
    return this.#pin(await call(this.#transport, "listArtifacts", { params: { id: this.#ref } }));
  }

  /** A file it keeps, by the name under which it is listed. */
  async *artifact(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const reply = await open(this.#transport, "getArtifact", { params: { id: this.#ref, name } });
    yield* reply.body;
  }

  /** The job as a document, as far as it is. */
  async *report(options: { readonly format?: ReportFormat } = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const query = options.format === undefined ? {} : { format: options.format };
    const reply = await open(this.#transport, "reportJob", { params: { id: await this.#pinned() }, query });
    yield* reply.body;
  }

  /** Events in order, over any gap. */
  async *events(options: EventsOptions = {}): AsyncGenerator<Event, void, undefined> {
    yield* events(this.#transport, await this.#pinned(options.signal), options);
  }

  /** Snapshot, events, end: for screens. */
  async *watch(
    options: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<JobFrame, void, undefined> {
    yield* watchJob(this.#transport, await this.#pinned(options.signal), options);
  }

  /**
   * Calls `listener` for each event of a type (`*`: all), from the job's first on, in order. Gives the function that
   * ends it. `await job.listened()` settles when the job has ended and all were told.
   */
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): () => void;
  on(type: "*", listener: (event: Event) => void): () => void;
  on(type: string, listener: (event: never) => void): () => void {
    const entry: Listener = { type, tell: listener as (event: Event) => void };
    this.#listeners.add(entry);
    this.#listening ??= this.#listen();
    // Whoever does not ask for `listened()` is not to be ended by an unhandled rejection.
    this.#listening.catch(() => undefined);
    return () => void this.#listeners.delete(entry);
  }

  /** Settles when the job has ended and every listener was told; rejects when the daemon stayed away or a listener threw. */
  async listened(): Promise<void> {
    await this.#listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#listening?.catch(() => undefined);
  }

  async #listen(): Promise<void> {
    for await (const event of this.events({ follow: true, signal: this.#closing.signal })) {
      for (const { type, tell } of this.#listeners) if (type === "*" || type === event.type) tell(event);
    }
  }

  /** `latest` may mean another job a moment later: streams go by the id. */
  async #pinned(signal?: AbortSignal): Promise<string> {
    await this.named(signal ? { signal } : {});
    return this.#ref;
  }

  #pin<T extends { readonly jobId: string; readonly number: number }>(told: T): T {
    this.#ref = told.jobId;
    this.#number = told.number;
    return told;
  }
}

/** Whether a job is over, whatever its end. */
export function hasEnded(job: { readonly status: string }): boolean {
  return job.status === "Completed" || job.status === "Failed" || job.status === "Cancelled";
}
