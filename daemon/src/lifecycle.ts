/** How a daemon ends: asked to, by a failing disk, by a home that is gone, or by a bug. In no case does a script notice. */
import { EXIT_DISK_FAILED } from "./exit.ts";
import type { Log } from "./host.ts";

export const EXIT_BUG = 70;

/** Everything acknowledged is on disk already, so waiting longer would save nothing. */
const STOP_PATIENCE_MS = 5_000;
/** For the answers "the disk failed" to leave. */
const LAST_ANSWERS_MS = 100;

export class Lifecycle {
  readonly #log: Log;
  #stopping = false;
  /** What is to be closed, in this order. */
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(log: Log) {
    this.#log = log;
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => this.stop(signal));
    }
    process.on("uncaughtException", (error) => this.bug(error));
    process.on("unhandledRejection", (error) => this.bug(error));
  }

  /** Things close in the reverse order of their opening. */
  onStop(close: () => Promise<void>): void {
    this.#closers.unshift(close);
  }

  /** Stop accepting, flush, exit 0. Scripts run on. */
  stop(why: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info({ why }, "stopping; scripts run on");
    setTimeout(() => {
      this.#log.warn({}, "something would not close in time");
      process.exit(0);
    }, STOP_PATIENCE_MS).unref();
    void this.#close().then(() => {
      this.#log.info({}, "stopped");
      process.exit(0);
    });
  }

  /** Nothing more is written by this life: what the disk holds now is not known. */
  diskFailed(error: unknown): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.error({ reason: describe(error) }, "the disk failed; exit 74, the next life replays what is on it");
    // Whoever waits for an answer is told first; nothing else happens meanwhile.
    setTimeout(() => process.exit(EXIT_DISK_FAILED), LAST_ANSWERS_MS);
  }

  /** What is written now nobody will ever find, and another daemon may own what stands there. Scripts run on. */
  homeGone(what: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.error({ reason: what }, "the home was removed or moved away; exit 74, scripts run on");
    setTimeout(() => process.exit(EXIT_DISK_FAILED), LAST_ANSWERS_MS);
  }

  bug(error: unknown): void {
    this.#log.error(
      { reason: describe(error) },
      "this is a bug of ours; exit 70, the next life goes on with every job",
    );
    process.exit(EXIT_BUG);
  }

  async #close(): Promise<void> {
    for (const close of this.#closers) {
      try {
        await close();
      } catch (error) {
        this.#log.warn({ reason: describe(error) }, "something did not close well");
      }
    }
  }
}

/** With the stack, for a log; never with a value of the failing code's variables. */
function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
