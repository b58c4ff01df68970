import { hasEnded, type JobState } from "@aither/core";
import type { Outcome } from "@aither/engine";
import type { Query } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Host, OutputRef } from "../../host.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { limits } from "../limits.ts";
import { attemptsOf, type AttemptQuery } from "../logs/attempts.ts";
import { parseCursor, streamName, type LogCursor } from "../logs/cursor.ts";
import { lastLines } from "../logs/last-lines.ts";
import { sendNdjson, startByCursor } from "../logs/ndjson.ts";
import { bytesBefore, leftOutOf, sendRaw } from "../logs/raw.ts";
import { selectScripts } from "../logs/select.ts";
import { mountStream, type Call } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { pour, Sink } from "../streams/sink.ts";

export function logRoute(app: FastifyInstance, context: Context): void {
  mountStream(app, "jobLogs", { answer: (call) => answer(context, call) });
}

async function answer(
  { host, closing }: Context,
  { params, query, reply }: Call<"jobLogs">,
): Promise<Outcome<undefined>> {
  const found = await findState(host, params.id);
  if (!found.ok) return found;
  const wanted = attemptQuery(found.value, query);
  if (!wanted.ok) return wanted;
  const cursor = parseCursor(query.cursor ?? "");
  if (cursor === null)
    return refuse("REQUEST_INVALID", "cursor must be key#attempt:offset, with commas between several");
  if (query.format === "ndjson") {
    if (query.offset !== undefined)
      return refuse("REQUEST_INVALID", "offset goes with format=raw and framed; NDJSON is resumed with cursor");
    const startOf = await ndjsonStart(host, { query: wanted.value, cursor, tail: query.tail });
    const sink = new Sink(reply, { contentType: "application/x-ndjson", gatherMs: limits.logGatherMs, closing });
    await pour(sink, () => sendNdjson({ host, sink, query: wanted.value, startOf }));
    return ok(undefined);
  }
  if (cursor.size > 0)
    return refuse("REQUEST_INVALID", "cursor goes with format=ndjson; raw output is resumed with offset");
  const offset = query.offset ?? (await rawStart(host, wanted.value, query.tail));
  reply.raw.setHeader("aither-log-offset", offset);
  const { header, told } = await leftOutOf(host, await presentParts(host, wanted.value), offset);
  if (header !== "") reply.raw.setHeader("aither-log-left-out", header);
  // As long as a job goes on, its scripts may name more that is masked.
  const isMasked = !hasEnded(found.value) || (await host.store.secrets.of(found.value.id)) !== null;
  if (isMasked) reply.raw.setHeader("aither-log-masked", "1");
  const isFramed = query.format === "framed";
  const contentType = isFramed ? "application/octet-stream" : "text/plain; charset=utf-8";
  const sink = new Sink(reply, { contentType, gatherMs: limits.logGatherMs, closing });
  await pour(sink, () => sendRaw({ host, sink, query: wanted.value, offset, isFramed, told }));
  return ok(undefined);
}

type Wanted = Omit<AttemptQuery, "signal">;

function attemptQuery(state: JobState, { script, attempt, follow }: Query<"jobLogs">): Outcome<Wanted> {
  const keys = script === undefined ? null : selectScripts(state, script);
  if (keys === null && script !== undefined)
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `job ${state.number} has no script or stage ${JSON.stringify(script)}`);
  return ok({ jobId: state.id, keys, attempt: attempt ?? null, follow: follow ?? false });
}

/** Everything there is to read now, in the order of the whole text. */
async function presentParts(host: Host, query: Wanted): Promise<OutputRef[]> {
  const parts: OutputRef[] = [];
  const now = { ...query, follow: false, signal: new AbortController().signal };
  for await (const item of attemptsOf(host, now)) if (item.is === "scheduled") parts.push(...item.attempt.streams);
  return parts;
}

type Start = { readonly query: Wanted; readonly cursor: LogCursor; readonly tail: number | undefined };

async function ndjsonStart(host: Host, { query, cursor, tail }: Start): Promise<(ref: OutputRef) => number | null> {
  if (tail === undefined) return startByCursor(cursor);
  const parts = await presentParts(host, query);
  const names = parts.map(streamName);
  // Who comes back with a cursor has been given the last lines already: what lies before the first one named stays out.
  const named = names.findIndex((name) => cursor.has(name));
  const begin = named === -1 ? await lastLines(host.store.output, parts, tail) : { part: named, offset: 0 };
  const left = new Set(names.slice(0, begin.part));
  const first = names[begin.part];
  return (ref) => {
    const name = streamName(ref);
    if (left.has(name)) return null;
    return cursor.get(name) ?? (name === first ? begin.offset : 0);
  };
}

async function rawStart(host: Host, query: Wanted, tail: number | undefined): Promise<number> {
  if (tail === undefined) return 0;
  const parts = await presentParts(host, query);
  const begin = await lastLines(host.store.output, parts, tail);
  return begin.offset + (await bytesBefore(host, parts.slice(0, begin.part)));
}
