/**
 * Why the last result of a script was not kept, so that the next miss can say it: `not-kept.json`, by playbook and script.
 * Only words for people: a daemon that is killed loses the last of them at most, a damaged file is an empty one.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DurableFs } from "@aither/supervise";
import type { Log } from "../host.ts";

const REMEMBERED_MAX = 1_000;

type NotKept = {
  /** Of the entry that there is not. */
  readonly key: string;
  /** The job's. */
  readonly number: number;
  readonly because: readonly string[];
};

type Place = { readonly root: string; readonly fs: DurableFs; readonly log: Log };

export class NotKeptResults {
  readonly #place: Place;
  /** The last one last. */
  #all = new Map<string, NotKept>();
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(place: Place) {
    this.#place = place;
  }

  async open(): Promise<void> {
    const text = await readFile(this.#path(), "utf8").catch(() => "[]");
    this.#all = parsed(text);
  }

  of(playbook: string, script: string): NotKept | undefined {
    return this.#all.get(nameOf(playbook, script));
  }

  remember(playbook: string, script: string, why: NotKept): void {
    this.forget(playbook, script);
    this.#all.set(nameOf(playbook, script), why);
    this.#save();
  }

  forget(playbook: string, script: string): void {
    if (this.#all.delete(nameOf(playbook, script))) this.#save();
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** Many changes at once are one writing. */
  #save(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing
      .then(async () => {
        this.#isDirty = false;
        this.#all = new Map([...this.#all].slice(-REMEMBERED_MAX));
        await this.#place.fs.writeAtomic(this.#path(), Buffer.from(JSON.stringify([...this.#all])));
      })
      .catch((error: unknown) => this.#place.log.warn({ reason: String(error) }, "why results were not kept is lost"));
  }

  #path(): string {
    return join(this.#place.root, "not-kept.json");
  }
}

function nameOf(playbook: string, script: string): string {
  return `${playbook}\n${script}`;
}

function parsed(text: string): Map<string, NotKept> {
  try {
    return new Map(JSON.parse(text) as [string, NotKept][]);
  } catch {
    return new Map();
  }
}
