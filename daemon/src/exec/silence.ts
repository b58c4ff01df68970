/** How long an attempt has written nothing. */
import { statSync } from "node:fs";
import type { AttemptFiles } from "@aither/supervise";

/** Node's timers hold no longer times; whoever waits longer looks in between. */
const SLEEP_MS_MAX = 2_000_000_000;

export type SilenceOptions = {
  readonly files: Pick<AttemptFiles, "log" | "err">;
  readonly limitMs: number;
  /** When it started, ms since the epoch: nobody is silent longer than that. */
  readonly startedAtMs: number;
  /** Whether the job is, or at some time was, frozen; undefined: it never was. */
  readonly frozen: boolean | undefined;
  /** Told once for each `limitMs` without output. */
  readonly onSilent: () => void;
};

/**
 * Nobody stands in the script's pipe, so its log is asked: what grew was not silent. Time counts by the clock that
 * stands still while the machine sleeps, and not while the script is frozen. A new daemon goes on counting from the
 * log's last change; where the script was frozen meanwhile, nobody knows for how long, and it begins anew.
 */
export class Silence {
  readonly #options: SilenceOptions;
  #bytes: number;
  /** The last output, on this process's own clock. */
  #heardAt: number;
  #lookedAt: number;
  #frozenAt: number | null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SilenceOptions) {
    const { files, startedAtMs, frozen } = options;
    const seen = lookAt(files);
    const sinceMs = Math.max(0, Date.now() - Math.max(startedAtMs, seen.changedAtMs));
    const now = performance.now();
    this.#options = options;
    this.#bytes = seen.bytes;
    this.#lookedAt = now;
    this.#heardAt = frozen === undefined ? now - sinceMs : now;
    this.#frozenAt = frozen === true ? now : null;
    this.#arm();
  }

  /** What it did before a freeze still counts, the freeze itself does not. */
  freeze(frozen: boolean): void {
    const now = performance.now();
    if (frozen) this.#frozenAt ??= now;
    else if (this.#frozenAt !== null) {
      this.#heardAt += now - this.#frozenAt;
      this.#frozenAt = null;
    }
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#frozenAt !== null) return;
    const leftMs = this.#heardAt + this.#options.limitMs - performance.now();
    this.#timer = setTimeout(() => this.#look(), Math.min(SLEEP_MS_MAX, Math.max(1, Math.ceil(leftMs))));
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    const seen = lookAt(this.#options.files);
    if (seen.bytes !== this.#bytes) {
      this.#bytes = seen.bytes;
      // The wall clock may have been set since; it cannot have been before the last look.
      const agoMs = Math.min(now - this.#lookedAt, Math.max(0, Date.now() - seen.changedAtMs));
      this.#heardAt = Math.max(this.#heardAt, now - agoMs);
    }
    this.#lookedAt = now;
    if (now - this.#heardAt >= this.#options.limitMs) {
      // Should nobody act on it (the job is being frozen at this very moment), it is said again.
      this.#heardAt = now;
      this.#options.onSilent();
    }
    this.#arm();
  }
}

function lookAt({ log, err }: SilenceOptions["files"]): { bytes: number; changedAtMs: number } {
  const found = [log, err].flatMap((path) => statSync(path, { throwIfNoEntry: false }) ?? []);
  return {
    bytes: found.reduce((sum, { size }) => sum + size, 0),
    changedAtMs: Math.max(0, ...found.map(({ mtimeMs }) => mtimeMs)),
  };
}
