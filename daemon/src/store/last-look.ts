/** When all derived files were last looked at, so that the next start looks at what has changed since, and no more. */
import { statSync } from "node:fs";
import { uptime } from "node:os";
import type { DurableFs } from "@aither/supervise";

/** What the file holds. Times in milliseconds since 1970. */
type Look = {
  readonly bootId: string;
  /** When the machine was started, by the clock as it was set then. */
  readonly bootedMs: number;
  /** By the clock of the file system, before the first folder was looked at; null while a look is under way. */
  readonly beganMs: number | null;
};

/** Clocks of file systems tick in steps; what changed just before a look may seem to have changed after it, or as it began. */
const TICK_MS = 3_000;
/** A clock that was set back by so much may give an old time to a later change. */
const SET_BACK_MS = 2_000;

export type LastLookOptions = {
  readonly fs: DurableFs;
  readonly file: string;
  /** `-` where the machine has none to offer: then everything is looked at. */
  readonly bootId: string;
};

/**
 * A folder changes when a file in it comes or goes, and its time of change cannot be set. It is believed within one boot
 * alone, for a power cut may take back what was not on disk, and only while nobody has set the clock back.
 */
export class LastLook {
  readonly #options: LastLookOptions;
  #beganMs: number | null = null;

  constructor(options: LastLookOptions) {
    this.#options = options;
  }

  /** Begins a look, and tells which folders may be passed over. A look that does not end counts for nothing. */
  async begin(): Promise<(folder: string) => boolean> {
    const beganMs = await this.#believed();
    await this.#write(null);
    this.#beganMs = changedMs(this.#options.file);
    if (beganMs === null) return () => false;
    return (folder) => {
      const changed = changedMs(folder);
      return changed !== null && changed < beganMs - TICK_MS;
    };
  }

  /** All folders were looked at, without trouble. */
  async end(): Promise<void> {
    if (this.#beganMs !== null) await this.#write(this.#beganMs);
  }

  async #believed(): Promise<number | null> {
    const { fs, file, bootId } = this.#options;
    if (bootId === "-") return null;
    try {
      const last = JSON.parse((await fs.readFile(file)).toString("utf8")) as Partial<Look> | null;
      if (last?.bootId !== bootId || typeof last.bootedMs !== "number" || typeof last.beganMs !== "number") return null;
      return bootedMs() < last.bootedMs - SET_BACK_MS ? null : last.beganMs;
    } catch {
      // There is none, or somebody made something else of it.
      return null;
    }
  }

  async #write(beganMs: number | null): Promise<void> {
    const { fs, file, bootId } = this.#options;
    const look: Look = { bootId, bootedMs: bootedMs(), beganMs };
    await fs.writeAtomic(file, Buffer.from(`${JSON.stringify(look)}\n`));
  }
}

function bootedMs(): number {
  return Math.round(Date.now() - uptime() * 1_000);
}

/** When a file or folder last changed, by the time that nobody can set; null when it cannot be looked at. */
function changedMs(path: string): number | null {
  try {
    return statSync(path).ctimeMs;
  } catch {
    return null;
  }
}
