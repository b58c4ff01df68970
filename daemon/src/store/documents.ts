/** Small derived documents (`metadata.json`, `result.json`, `plan.json`): lowdb, over a disk that keeps its word. */
import type { Adapter, Low } from "lowdb";
import type { DurableFs } from "@aither/supervise";
import { errorCode } from "./errors.ts";

/** lowdb's own file adapter syncs nothing and uses one temporary name for all writers; this one does neither. */
export class DurableAdapter<T> implements Adapter<T> {
  readonly #fs: DurableFs;
  readonly #path: string;

  constructor(fs: DurableFs, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** Null when there is no such document, or none that can be read: it is derived, and will be written again. */
  async read(): Promise<T | null> {
    try {
      return JSON.parse((await this.#fs.readFile(this.#path)).toString("utf8")) as T;
    } catch (error) {
      if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  async write(data: T): Promise<void> {
    await this.#fs.writeAtomic(this.#path, Buffer.from(`${JSON.stringify(data, null, 2)}\n`));
  }
}

/** Loaded when the first document is written, not when the daemon starts. */
export async function document<T>(fs: DurableFs, path: string, content: T): Promise<Low<T>> {
  const { Low: Document } = await import("lowdb");
  return new Document(new DurableAdapter<T>(fs, path), content);
}
