/**
 * Notices that a process died although nobody said so. Each live process is looked at once in five
 * seconds, a fiftieth of them every tenth of a second, so that thousands of silent scripts cost little
 * and never a long pause.
 */
import type { ProcessRef } from "./attempt-files.ts";
import { isAlive, LookFailed, type IdentityOptions } from "./identity.ts";

const SWEEP_PERIOD_MS = 5_000;
const PARTS = 50;

type Entry = { readonly ref: ProcessRef; readonly onDead: () => void };

export class LivenessSweep {
  readonly #options: IdentityOptions;
  readonly #periodMs: number;
  readonly #entries = new Set<Entry>();
  #round: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdentityOptions & { readonly periodMs?: number } = {}) {
    this.#options = options;
    this.#periodMs = options.periodMs ?? SWEEP_PERIOD_MS;
  }

  /** Calls `onDead` once, when this process is found dead; returns how to stop watching it. */
  watch(ref: ProcessRef, onDead: () => void): () => void {
    const entry = { ref, onDead };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#step(), Math.max(1, this.#periodMs / PARTS)).unref();
    return () => this.#remove(entry);
  }

  close(): void {
    this.#entries.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #step(): void {
    if (this.#round.length === 0) this.#round = [...this.#entries];
    for (const entry of this.#round.splice(0, Math.ceil(this.#entries.size / PARTS))) {
      if (!this.#entries.has(entry) || this.#mayLive(entry.ref)) continue;
      this.#remove(entry);
      entry.onDead();
    }
  }

  /** Who cannot be looked at now is looked at again in the next round. */
  #mayLive(ref: ProcessRef): boolean {
    try {
      return isAlive(ref, this.#options);
    } catch (error) {
      if (error instanceof LookFailed) return true;
      throw error;
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.close();
  }
}
