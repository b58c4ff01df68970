/**
 * Who did what: one line for each change that was asked for and for each refusal, in `<home>/audit.ndjson`. It holds
 * names, never values. Nobody waits for it, and nobody fails when it cannot be written.
 */
import { open, rename, stat, unlink } from "node:fs/promises";
import type { Door } from "../doors/face.ts";
import type { Log } from "../host.ts";

export const auditLimits = {
  /** A full file moves aside, `audit.1.ndjson` and so on; so many of those are kept. */
  fileBytesMax: 4 * 1024 * 1024,
  olderFilesMax: 4,
  /** Lines that wait for a slow disk; what comes on top is counted and left out. */
  waitingMax: 4_096,
  /** Refusals that get a line of their own in any minute, so that a flood of them cannot push the rest out. */
  refusalsPerMinuteMax: 120,
} as const;

/** What became of one request. */
export type AuditedRequest = {
  readonly does: "change" | "refusal";
  readonly door: Door;
  /** The user's id of a caller on the socket; only its owner can open it. */
  readonly uid: number | null;
  readonly session: string | null;
  readonly role: string | null;
  readonly method: string;
  /** A route's name; null for a path that is none. */
  readonly route: string | null;
  readonly job: string | null;
  /** Of calls about sessions: which one, or what was granted. */
  readonly about?: string;
  readonly outcome: "done" | "refused" | "failed";
  readonly status: number;
  /** The problem's code, where there was one. */
  readonly code: string | null;
};

/** The loopback door came or went; or lines had to be left out. */
export type AuditedFact =
  | { readonly does: "door"; readonly outcome: "opened" | "closed"; readonly port: number }
  | { readonly does: "left-out"; readonly what: "refusals" | "lines"; readonly count: number };

export interface Audit {
  write(entry: AuditedRequest | AuditedFact): void;
}

export class AuditLog implements Audit {
  readonly #path: string;
  readonly #log: Log;
  readonly #nowMs: () => number;
  #waiting: string[] = [];
  #writing: Promise<void> | null = null;
  #leftOut = 0;
  #isBroken = false;
  readonly #refusals = { minute: 0, count: 0 };

  constructor({ path, log, nowMs }: { path: string; log: Log; nowMs: () => number }) {
    this.#path = path;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  write(entry: AuditedRequest | AuditedFact): void {
    const nowMs = this.#nowMs();
    if (entry.does === "refusal" && !this.#mayRefuse(nowMs)) return;
    if (this.#waiting.length >= auditLimits.waitingMax) {
      this.#leftOut += 1;
      return;
    }
    if (this.#leftOut > 0) {
      this.#push(nowMs, { does: "left-out", what: "lines", count: this.#leftOut });
      this.#leftOut = 0;
    }
    this.#push(nowMs, entry);
    this.#writing ??= this.#drain();
  }

  /** What was said until now is in the file, unless the file cannot be written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #push(nowMs: number, entry: AuditedRequest | AuditedFact): void {
    this.#waiting.push(`${JSON.stringify({ v: 1, time: new Date(nowMs).toISOString(), ...entry })}\n`);
  }

  #mayRefuse(nowMs: number): boolean {
    const refusals = this.#refusals;
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== refusals.minute) {
      const count = refusals.count - auditLimits.refusalsPerMinuteMax;
      if (count > 0) this.#push(nowMs, { does: "left-out", what: "refusals", count });
      Object.assign(refusals, { minute, count: 0 });
    }
    refusals.count += 1;
    return refusals.count <= auditLimits.refusalsPerMinuteMax;
  }

  async #drain(): Promise<void> {
    // What happens in the same turn goes to the disk together, and after the answer.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join("");
      this.#waiting = [];
      try {
        await this.#append(text);
        this.#isBroken = false;
      } catch (error) {
        if (!this.#isBroken)
          this.#log.warn({ path: this.#path, reason: String(error) }, "the audit log cannot be written");
        this.#isBroken = true;
      }
    }
    this.#writing = null;
  }

  async #append(text: string): Promise<void> {
    const file = await open(this.#path, "a+", 0o600);
    try {
      const { size } = await file.stat();
      // A crash may have cut the last line; the next one shall not be glued to it.
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      await file.appendFile(size > 0 && last[0] !== 0x0a ? `\n${text}` : text);
      if (size + text.length < auditLimits.fileBytesMax) return;
    } finally {
      await file.close();
    }
    await this.#rotate();
  }

  async #rotate(): Promise<void> {
    const older = (at: number): string => this.#path.replace(/\.ndjson$/, `.${at}.ndjson`);
    await unlink(older(auditLimits.olderFilesMax)).catch(() => undefined);
    for (let at = auditLimits.olderFilesMax - 1; at >= 1; at--) {
      if (await isThere(older(at))) await rename(older(at), older(at + 1));
    }
    await rename(this.#path, older(1));
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
