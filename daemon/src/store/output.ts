/** Reading what attempts wrote: the bytes as the kernel laid them down, by offset, at once or as they come. */
import { open } from "node:fs/promises";
import { hasEnded, scriptOf, type JobState } from "@aither/core";
import type { Published } from "@aither/engine";
import type { AttemptRef, JobId } from "@aither/protocol";
import {
  fileSize,
  offsetSince,
  readCut,
  readIndex,
  timeOfOffset,
  type AttemptFiles,
  type Tail,
} from "@aither/supervise";
import type { OutputFiles, OutputPiece, OutputRef } from "../host.ts";
import type { FileOrder } from "../search/file-search.ts";
import { errorCode } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { filesOf } from "./layout.ts";
import { HoleFilter } from "./left-out.ts";
import { LineIndexes, type LineIndex } from "./line-index.ts";

const PIECE_BYTES = 64 * 1024;
/** Logs that somebody looks into at the same time; more, and some are looked through again. */
const LINE_INDEXES_MAX = 64;

export type OutputOptions = {
  readonly folders: JobFolders;
  /** Shared with the executor, so that a file with ten followers is read once. */
  readonly tail: Tail;
  readonly live: (jobId: JobId) => JobState | undefined;
  /** Values of a job's secrets. */
  readonly secrets: (jobId: JobId) => Promise<readonly string[]>;
};

type Found = { readonly files: AttemptFiles; readonly path: string; readonly index: string };

export class Output implements OutputFiles {
  readonly #options: OutputOptions;
  /** Followers that wait for the end of an attempt, by job. */
  readonly #waiting = new Map<JobId, Set<() => void>>();
  readonly #indexes = new LineIndexes(LINE_INDEXES_MAX);

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  readonly onPublished = ({ event }: Published): void => {
    for (const look of this.#waiting.get(event.jobId) ?? []) look();
  };

  async size(ref: OutputRef): Promise<number> {
    const found = await this.#files(ref);
    return found === undefined ? 0 : fileSize(found.path);
  }

  async *read(ref: OutputRef, from: number, to?: number): AsyncIterable<OutputPiece> {
    const found = await this.#files(ref);
    if (found === undefined) return;
    let handle;
    try {
      handle = await open(found.path, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    try {
      const end = to ?? (await handle.stat()).size;
      const filter = new HoleFilter(found.files, from);
      while (filter.offset < end) {
        const bytes = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - filter.offset));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, filter.offset);
        if (bytesRead === 0) return;
        yield* await filter.pass(filter.offset, bytes.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  async *follow(ref: OutputRef, from: number, signal: AbortSignal): AsyncIterable<OutputPiece> {
    const found = await this.#files(ref);
    if (found === undefined || signal.aborted) return;
    if (this.#isOver(ref)) {
      yield* this.read(ref, from);
      return;
    }
    const cut = await this.cut(ref);
    let start = from;
    if (cut !== null && from < cut.to) {
      for await (const piece of this.read(ref, from, cut.to)) {
        start = piece.end;
        yield piece;
        if (signal.aborted) return;
      }
    }
    const until = this.#end(ref, signal);
    const filter = new HoleFilter(found.files, start);
    for await (const { offset, bytes } of this.#options.tail.follow(found.path, { from: start, signal, until })) {
      yield* await filter.pass(offset, bytes);
    }
  }

  async cut(ref: OutputRef): Promise<{ from: number; to: number } | null> {
    const found = await this.#files(ref);
    return found === undefined || ref.stream === "err" ? null : ((await readCut(found.files)) ?? null);
  }

  async lines(ref: OutputRef): Promise<LineIndex | null> {
    const found = await this.#files(ref);
    const size = found === undefined ? 0 : await fileSize(found.path);
    if (found === undefined || size === 0) return null;
    const index = this.#indexes.of(found.path, await this.cut(ref));
    await index.grow(async () => open(found.path, "r"), size);
    return index;
  }

  async searchable(ref: OutputRef, sinceMs: number | null): Promise<FileOrder | null> {
    const found = await this.#files(ref);
    if (found === undefined || (await fileSize(found.path)) === 0) return null;
    const from = sinceMs === null ? 0 : offsetSince(readIndex(found.index), sinceMs);
    return { path: found.path, from, cut: await this.cut(ref), secrets: await this.#options.secrets(ref.jobId) };
  }

  async times(ref: OutputRef): Promise<(offset: number) => number | null> {
    const found = await this.#files(ref);
    const records = found === undefined ? [] : readIndex(found.index);
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

  async #files(ref: OutputRef): Promise<Found | undefined> {
    const folder = await this.#options.folders.find(ref.jobId);
    if (folder === undefined) return undefined;
    const files = filesOf(folder, ref);
    const isErr = ref.stream === "err";
    return { files, path: isErr ? files.err : files.log, index: isErr ? files.errIdx : files.idx };
  }
}
