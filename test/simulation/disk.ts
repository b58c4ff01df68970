import { JournalConflict, type Journal } from "@aither/engine";
import type { Event, JobId } from "@aither/protocol";
import type { History } from "./history.ts";
import type { Life } from "./life.ts";
import type { Prng } from "./prng.ts";
import type { Schedule } from "./schedule.ts";

/** Whole lines that will stay, and the text behind them that may not. */
type File = { readonly synced: string[]; unsynced: string };

/**
 * A disk that keeps what was synced and, at a crash, any part of what was not: nothing, all, or a torn line. Text, not
 * objects: what comes back has really been through JSON.
 */
export class Disk {
  readonly #schedule: Schedule;
  readonly #history: History;
  readonly #prng: Prng;
  readonly #files = new Map<JobId, File>();
  readonly #active = new Set<JobId>();
  /** Probability that a sync fails; the world sets it. */
  failing = 0;
  /** What a dead daemon left unsynced is synced before anybody acts on it. Only a planted bug turns this off. */
  syncsWhenRead = true;

  constructor(options: { schedule: Schedule; history: History; prng: Prng }) {
    this.#schedule = options.schedule;
    this.#history = options.history;
    this.#prng = options.prng;
  }

  /** What any reader would find now, whoever is alive. */
  journal(jobId: JobId): Event[] {
    const file = this.#files.get(jobId);
    if (file === undefined) return [];
    return [...file.synced, ...lines(file.unsynced)].map((line) => JSON.parse(line) as Event);
  }

  jobs(): JobId[] {
    const ids: JobId[] = [];
    for (const [id, file] of this.#files) {
      if (file.synced.length > 0 || file.unsynced.includes("\n")) ids.push(id);
    }
    return ids;
  }

  /** The job that a request became and that is over: what a store's index knows. */
  retired(requestId: string): JobId | null {
    for (const [jobId, file] of this.#files) {
      if (this.#active.has(jobId) || file.synced.length === 0) continue;
      const first = this.journal(jobId)[0];
      if (first?.type === "OrchestrationQueued" && first.requestId === requestId) return jobId;
    }
    return null;
  }

  isActive(jobId: JobId): boolean {
    return this.#active.has(jobId);
  }

  /** The daemon is gone: of what was not synced some may be there, cut anywhere. */
  crash(): void {
    for (const file of this.#files.values()) {
      if (file.unsynced === "") continue;
      const roll = this.#prng.next();
      const kept = roll < 0.3 ? 0 : roll < 0.6 ? file.unsynced.length : this.#prng.int(0, file.unsynced.length);
      file.unsynced = file.unsynced.slice(0, kept);
    }
  }

  /** The journal port of one life of the daemon. */
  port(life: Life): Journal {
    return {
      append: (jobId, expectedSeq, events) => this.#append(life, { jobId, expectedSeq, events }),
      read: (jobId) => this.#read(life, jobId),
      openJobs: () => this.#openJobs(life),
      recover: (jobId, take) => this.#recover(life, jobId, take),
      retire: (jobId) =>
        this.#step(life, `retire ${jobId}`, () => {
          this.#active.delete(jobId);
        }),
    };
  }

  async #append(life: Life, what: { jobId: JobId; expectedSeq: number; events: readonly Event[] }): Promise<void> {
    const { jobId, expectedSeq, events } = what;
    await this.#step(life, `write ${jobId}`, () => {
      const file = this.#files.get(jobId) ?? { synced: [], unsynced: "" };
      const foundSeq = file.synced.length + lines(file.unsynced).length;
      if (foundSeq !== expectedSeq) throw new JournalConflict({ jobId, expectedSeq, foundSeq });
      this.#files.set(jobId, file);
      this.#active.add(jobId);
      // A line that was torn by a crash is cut before anything is added.
      file.unsynced = file.unsynced.slice(0, file.unsynced.lastIndexOf("\n") + 1);
      file.unsynced += events.map((event) => `${JSON.stringify(event)}\n`).join("");
    });
    await this.#step(life, `sync ${jobId}`, () => {
      if (this.#prng.chance(this.failing)) throw new Error("EIO: fdatasync");
      this.#sync(life, jobId);
    });
  }

  async *#read(life: Life, jobId: JobId): AsyncGenerator<Event> {
    const events = await this.#step(life, `read ${jobId}`, () => {
      if (this.syncsWhenRead) this.#sync(life, jobId);
      return this.journal(jobId);
    });
    for (const event of events) yield event;
  }

  async #openJobs(life: Life): Promise<readonly JobId[]> {
    return this.#step(life, "list open jobs", () => [...this.#active]);
  }

  /** This disk damages nothing: whatever does not fit was written so, by us, and ends the run. */
  async #recover(life: Life, jobId: JobId, take: (event: Event) => void): Promise<boolean> {
    for await (const event of this.#read(life, jobId)) take(event);
    return true;
  }

  #sync(life: Life, jobId: JobId): void {
    const file = this.#files.get(jobId);
    if (file === undefined) return;
    for (const line of lines(file.unsynced)) {
      file.synced.push(line);
      this.#history.add({ is: "durable", life: life.number, event: JSON.parse(line) as Event });
    }
    file.unsynced = "";
  }

  /** One await of the port: it takes some time, and a life that ends meanwhile never hears of it. */
  #step<Value>(life: Life, what: string, work: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#schedule.in(
        this.#prng.delay(20),
        what,
        () => {
          try {
            resolve(work());
          } catch (error) {
            reject(error as Error);
          }
        },
        () => life.over,
      );
    });
  }
}

/** The complete lines of a text; what is behind the last line break was torn. */
function lines(text: string): string[] {
  const all = text.split("\n");
  all.pop();
  return all;
}
