import type { Host, OutputPiece, OutputRef } from "../../host.ts";
import type { Sink } from "../streams/sink.ts";
import { attemptsOf, type AttemptQuery } from "./attempts.ts";
import { streamName } from "./cursor.ts";
import { maskedPieces } from "./masked.ts";
import { isOver } from "./over.ts";

export type RawLogs = {
  readonly host: Host;
  readonly sink: Sink;
  readonly query: Omit<AttemptQuery, "signal">;
  /** Bytes of the files, one after the other, that are left out. */
  readonly offset: number;
  /** Each piece is sent with its place. */
  readonly isFramed: boolean;
  /** Streams of which the answer's head says what was left out. */
  readonly told: ReadonlySet<string>;
};

export type LeftOut = { readonly header: string; readonly told: ReadonlySet<string> };

/**
 * What was left out of the text, for readers who count: `OFFSET:BYTES:SHOWN` for each hole. Of the text, BYTES from
 * OFFSET on are not given; SHOWN bytes that say so stand in their place.
 */
export async function leftOutOf(host: Host, parts: readonly OutputRef[], offset: number): Promise<LeftOut> {
  const told = new Set<string>();
  const holes: string[] = [];
  let before = 0;
  for (const ref of parts) {
    const cut = await host.store.output.cut(ref);
    if (cut !== null) {
      told.add(streamName(ref));
      const from = Math.max(before + cut.from, offset);
      const bytes = before + cut.to - from;
      if (bytes > 0) {
        let shown = 0;
        const around = from - before - (from > offset ? 1 : 0);
        for await (const piece of host.store.output.read(ref, around, cut.to))
          if (piece.leftOut > 0) shown = piece.bytes.length;
        holes.push(`${from}:${bytes}:${shown}`);
      }
    }
    before += await host.store.output.size(ref);
  }
  return { header: holes.join(","), told };
}

/**
 * Sends the whole text: every attempt's bytes, one attempt after the other in the order of the journal. An attempt is
 * followed to its end before the next one begins, so the text is the same whenever it is read, and only ever grows.
 * Where secrets are masked it is not as long as the files, and it may be shorter still when it is read again, because
 * more is masked by then: a reader that comes back must have been told its place in the files, in frames.
 * Resolves to true when everything was sent.
 */
export async function sendRaw({ host, sink, query, offset, isFramed, told }: RawLogs): Promise<boolean> {
  const { output } = host.store;
  let before = 0;
  for await (const item of attemptsOf(host, { ...query, signal: sink.signal })) {
    if (item.is === "end") return !sink.signal.aborted;
    if (item.is === "ended") continue;
    for (const ref of item.attempt.streams) {
      const isFinal = !query.follow || isOver(host, ref);
      const size = await output.size(ref);
      const from = Math.max(0, offset - before);
      if (isFinal && from >= size) {
        before += size;
        continue;
      }
      for await (const { bytes, end, leftOut } of textOf({ host, sink, query, ref, from, size })) {
        // Nobody was told of this hole when the answer began: who comes back is.
        if (!isFramed && leftOut > 0 && !told.has(streamName(ref))) return false;
        if (bytes.length > 0) await sink.write(isFramed ? framed(bytes, before + end) : bytes);
        if (sink.signal.aborted) return false;
      }
      if (sink.signal.aborted) return false;
      before += query.follow ? await output.size(ref) : size;
    }
  }
  return false;
}

/** `end`: what goes on behind these bytes begins there. */
function framed(bytes: Buffer, end: number): Buffer {
  return Buffer.concat([Buffer.from(`${end} ${bytes.length}\n`), bytes]);
}

type Part = Pick<RawLogs, "host" | "sink" | "query"> & {
  readonly ref: OutputRef;
  readonly from: number;
  readonly size: number;
};

/** What is to be read of one stream, masked. */
function textOf({ host, sink, query, ref, from, size }: Part): AsyncGenerator<OutputPiece, void, undefined> {
  const { output } = host.store;
  const pieces = query.follow ? output.follow(ref, from, sink.signal) : output.read(ref, from, size);
  return maskedPieces(host, { ref, from, pieces }, () => !sink.signal.aborted && (query.follow || isOver(host, ref)));
}

/** Bytes of the text before the given place. */
export async function bytesBefore(host: Host, parts: readonly OutputRef[]): Promise<number> {
  let sum = 0;
  for (const ref of parts) sum += await host.store.output.size(ref);
  return sum;
}
