import type { Host, OutputRef } from "../../host.ts";
import type { Sink } from "../streams/sink.ts";
import { attemptsOf, type AttemptQuery } from "./attempts.ts";
import { isOver } from "./over.ts";

export type RawLogs = {
  readonly host: Host;
  readonly sink: Sink;
  readonly query: Omit<AttemptQuery, "signal">;
  /** Bytes of the whole text that are left out. */
  readonly offset: number;
};

/**
 * Sends the whole text: every attempt's bytes, one attempt after the other in the order of the journal. An attempt is
 * followed to its end before the next one begins, so the text is the same whenever it is read, and only ever grows.
 * Resolves to true when everything was sent.
 */
export async function sendRaw({ host, sink, query, offset }: RawLogs): Promise<boolean> {
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
      for await (const bytes of pieces) {
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
