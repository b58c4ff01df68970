import type { Host, OutputRef } from "../../host.ts";
import type { Sink } from "../streams/sink.ts";
import { attemptsOf, type AttemptQuery } from "./attempts.ts";
import { streamName } from "./cursor.ts";
import { isOver } from "./over.ts";

export type RawLogs = {
  readonly host: Host;
  readonly sink: Sink;
  readonly query: Omit<AttemptQuery, "signal">;
  /** Bytes of the whole text that are left out. */
  readonly offset: number;
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
 * Resolves to true when everything was sent.
 */
export async function sendRaw({ host, sink, query, offset, told }: RawLogs): Promise<boolean> {
  const { output } = host.store;
  let skip = offset;
  for await (const item of attemptsOf(host, { ...query, signal: sink.signal })) {
    if (item.is === "end") return !sink.signal.aborted;
    if (item.is === "ended") continue;
    for (const ref of item.attempt.streams) {
      const isFinal = !query.follow || isOver(host, ref);
      const size = await output.size(ref);
      if (isFinal && skip >= size) {
        skip -= size;
        continue;
      }
      const from = skip;
      skip = 0;
      const pieces = query.follow ? output.follow(ref, from, sink.signal) : output.read(ref, from, size);
      for await (const { bytes, leftOut } of pieces) {
        // Nobody was told of this hole when the answer began: who comes back is.
        if (leftOut > 0 && !told.has(streamName(ref))) return false;
        await sink.write(bytes);
        if (sink.signal.aborted) return false;
      }
      if (sink.signal.aborted) return false;
    }
  }
  return false;
}

/** Bytes of the text before the given place. */
export async function bytesBefore(host: Host, parts: readonly OutputRef[]): Promise<number> {
  let sum = 0;
  for (const ref of parts) sum += await host.store.output.size(ref);
  return sum;
}
