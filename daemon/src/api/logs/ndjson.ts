import { setMaxListeners } from "node:events";
import type { Host, OutputRef } from "../../host.ts";
import { limits } from "../limits.ts";
import type { Sink } from "../streams/sink.ts";
import { attemptsOf, type AttemptQuery, type LogAttempt } from "./attempts.ts";
import { streamName } from "./cursor.ts";
import { maskFrom, maskPieces } from "./masked.ts";
import { isOver } from "./over.ts";
import { LineCutter, piecePrinter, type Piece } from "./pieces.ts";

export type NdjsonLogs = {
  readonly host: Host;
  readonly sink: Sink;
  readonly query: Omit<AttemptQuery, "signal">;
  /** Where to begin in a stream; null leaves it out. */
  readonly startOf: (ref: OutputRef) => number | null;
};

/**
 * Sends all attempts' output line by line. Attempts that run at once are sent as they write; one that was scheduled
 * after another had ended is never seen before that other's last byte. Resolves to true when everything was sent.
 */
export async function sendNdjson({ host, sink, query, startOf }: NdjsonLogs): Promise<boolean> {
  const running = new Map<string, Promise<void>>();
  /** Attempts that have ended, and whose last bytes may still be on their way. */
  let ending: Promise<void>[] = [];
  const failure = new AbortController();
  const signal = AbortSignal.any([sink.signal, failure.signal]);
  setMaxListeners(0, signal);
  const send = async (attempt: LogAttempt): Promise<void> => {
    for (const ref of attempt.streams) {
      const from = startOf(ref);
      if (from !== null) await sendStream({ host, sink, ref, from, follow: query.follow, signal });
    }
  };
  try {
    for await (const item of attemptsOf(host, { ...query, signal })) {
      if (item.is === "end") {
        await Promise.all([...running.values(), ...ending]);
        return !sink.signal.aborted;
      }
      if (item.is === "ended") {
        const sending = running.get(item.script);
        if (sending !== undefined) ending.push(sending);
        running.delete(item.script);
        continue;
      }
      const before = Promise.all(ending);
      ending = [];
      const [first] = item.attempt.streams;
      if (!query.follow || (first !== undefined && isOver(host, first))) {
        await before;
        await send(item.attempt);
        continue;
      }
      const sending = before.then(async () => send(item.attempt));
      // Seen below by whoever waits for it; until then it must not count as unhandled.
      sending.catch(() => failure.abort());
      running.set(item.attempt.script, sending);
    }
    return false;
  } finally {
    failure.abort();
    await Promise.allSettled([...running.values(), ...ending]);
  }
}

type StreamOptions = {
  readonly host: Host;
  readonly sink: Sink;
  readonly ref: OutputRef;
  readonly from: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
};

async function sendStream({ host, sink, ref, from, follow, signal }: StreamOptions): Promise<void> {
  const { output } = host.store;
  const recorded = await output.times(ref);
  // What is there already was seen when the index says of its last byte; what comes is seen now.
  const known = await output.size(ref);
  const mask = await maskFrom(host, ref, from);
  let cutter = new LineCutter(from);
  const print = piecePrinter({ ...ref, script: mask.text(ref.script) });
  const say = (pieces: readonly Piece[]): Promise<void> | undefined => {
    if (pieces.length === 0) return undefined;
    const now = Date.now();
    return sink.write(print(pieces, (end) => (end <= known ? recorded(end - 1) : now)));
  };
  const put = (pieces: readonly Piece[]) => say(maskPieces(pieces, mask));
  const putRest = async (): Promise<void> => {
    await put(cutter.push(mask.rest()));
    await put(cutter.flush(true));
  };
  let partial: NodeJS.Timeout | undefined;
  const pieces = follow ? output.follow(ref, from, signal) : output.read(ref, from, known);
  try {
    for await (const { bytes, end, leftOut } of pieces) {
      clearTimeout(partial);
      if (leftOut > 0) {
        await putRest();
        await say([{ bytes, end }]);
        cutter = new LineCutter(end);
        mask.cutTo(end);
      } else await put(cutter.push(mask.push(bytes)));
      if (signal.aborted) return;
      if (cutter.waiting > 0) partial = setTimeout(() => void put(cutter.flush(false)), limits.logPartialLineMs);
    }
  } finally {
    clearTimeout(partial);
  }
  if (signal.aborted) return;
  // Of what may still be written, the beginning of a secret is kept for whoever reads on from here.
  if (follow || isOver(host, ref)) await putRest();
  else await put(cutter.flush(true));
}

/** Begins where a cursor says; attempts it does not name from their start. */
export function startByCursor(cursor: ReadonlyMap<string, number>): (ref: OutputRef) => number | null {
  return (ref) => cursor.get(streamName(ref)) ?? 0;
}
