/** Reading what attempts wrote: the bytes as the kernel laid them down, by offset, at once or as they come. */
import { open } from "node:fs/promises";
import { hasEnded, scriptOf, type JobState } from "@aither/core";
import type { Published } from "@aither/engine";
import type { AttemptRef, JobId } from "@aither/protocol";
import { fileSize, offsetSince, readCut, readIndex, timeOfOffset, type Tail } from "@aither/supervise";
import type { OutputFiles, OutputRef } from "../host.ts";
import type { FileOrder } from "../search/file-search.ts";
import { errorCode } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { filesOf } from "./layout.ts";

const PIECE_BYTES = 64 * 1024;

export type OutputOptions = {
  readonly folders: JobFolders;
  /** Shared with the executor, so that a file with ten followers is read once. */
  readonly tail: Tail;
  readonly live: (jobId: JobId) => JobState | undefined;
};

export class Output implements OutputFiles {
  readonly #options: OutputOptions;
  /** Followers that wait for the end of an attempt, by job. */
  readonly #waiting = new Map<JobId, Set<() => void>>();

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  readonly onPublished = ({ event }: Published): void => {
    for (const look of this.#waiting.get(event.jobId) ?? []) look();
  };

  async size(ref: OutputRef): Promise<number> {
    const path = await this.#path(ref);
    return path === undefined ? 0 : fileSize(path);
  }

  async *read(ref: OutputRef, from: number, to?: number): AsyncIterable<Buffer> {
    const path = await this.#path(ref);
    if (path === undefined) return;
    let handle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    try {
      const end = to ?? (await handle.stat()).size;
      for (let position = from; position < end;) {
        const bytes = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - position));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        yield bytes.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  async *follow(ref: OutputRef, from: number, signal: AbortSignal): AsyncIterable<Buffer> {
    const path = await this.#path(ref);
    if (path === undefined || signal.aborted) return;
    if (this.#isOver(ref)) {
      yield* this.read(ref, from);
      return;
    }
    const until = this.#end(ref, signal);
    for await (const { bytes } of this.#options.tail.follow(path, { from, signal, until })) yield bytes;
  }

  async searchable(ref: OutputRef, sinceMs: number | null): Promise<FileOrder | null> {
    const folder = await this.#options.folders.find(ref.jobId);
    if (folder === undefined) return null;
    const files = filesOf(folder, ref);
    const isErr = ref.stream === "err";
    const path = isErr ? files.err : files.log;
    if ((await fileSize(path)) === 0) return null;
    const cut = isErr ? null : ((await readCut(files)) ?? null);
    return { path, from: sinceMs === null || isErr ? 0 : offsetSince(readIndex(files.idx), sinceMs), cut };
  }

  async times(ref: OutputRef): Promise<(offset: number) => number | null> {
    const folder = await this.#options.folders.find(ref.jobId);
    const records = folder === undefined || ref.stream === "err" ? [] : readIndex(filesOf(folder, ref).idx);
    return (offset) => {
      const found = timeOfOffset(records, offset);
      return found === undefined ? null : found.timeUs / 1000;
    };
  }

  /** Settles when the attempt can write no more, as the facts say; whoever still writes then is a left-over. */
  async #end(ref: AttemptRef, signal: AbortSignal): Promise<undefined> {
    await new Promise<void>((resolve) => {
      const all = this.#waiting.get(ref.jobId) ?? new Set();
      const done = (): void => {
        all.delete(look);
        if (all.size === 0) this.#waiting.delete(ref.jobId);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const look = (): void => {
        if (this.#isOver(ref)) done();
      };
      all.add(look);
      this.#waiting.set(ref.jobId, all);
      signal.addEventListener("abort", done, { once: true });
      look();
    });
  }

  #isOver(ref: AttemptRef): boolean {
    const state = this.#options.live(ref.jobId);
    if (state === undefined) return true;
    const record = scriptOf(state, ref.script)?.attempts.find(({ attempt }) => attempt === ref.attempt);
    return record === undefined ? hasEnded(state) : record.end !== "open";
  }

  async #path(ref: OutputRef): Promise<string | undefined> {
    const folder = await this.#options.folders.find(ref.jobId);
    if (folder === undefined) return undefined;
    const files = filesOf(folder, ref);
    return ref.stream === "err" ? files.err : files.log;
  }
}
