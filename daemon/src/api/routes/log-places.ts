/** Output for readers who go to any place in it, pages above all: how long it is, its blocks, and all of it as a file. */
import { scriptOf, scriptsOf, theScript, type JobState } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Host, OutputRef } from "../../host.ts";
import { BLOCK_LINES } from "../../store/line-index.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { blockPieces, isFull, tagOf } from "../logs/block.ts";
import { streamName } from "../logs/cursor.ts";
import { maskedPieces } from "../logs/masked.ts";
import { isOver } from "../logs/over.ts";
import { selectScripts } from "../logs/select.ts";
import { mount, mountStream, type Call } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { pour, Sink } from "../streams/sink.ts";

const TEXT = "text/plain; charset=utf-8";
/** Longer than anybody keeps a page. */
const FOR_EVER = "private, max-age=31536000, immutable";

export function logPlaceRoutes(app: FastifyInstance, context: Context): void {
  const { host } = context;

  mount(app, "jobLogMeta", async ({ params, query }) => {
    const found = await oneLog(host, params.id, query);
    if (!found.ok) return found;
    const { state, ref, done } = found.value;
    const { script, attempt, stream } = ref;
    const index = await host.store.output.lines(ref);
    const sizes = { lines: index?.lines ?? 0, bytes: index?.bytes ?? 0, block: BLOCK_LINES, done };
    const { id: jobId, number } = state;
    return ok({ apiVersion: API_VERSION, jobId, number, script, attempt, stream, ...sizes });
  });

  mountStream(app, "jobLogBlock", { answer: async (call) => sendBlock(context, call) });
  mountStream(app, "jobLogRaw", { answer: async (call) => sendWhole(context, call) });
}

async function sendBlock(
  { host, closing }: Context,
  { params, query, request, reply }: Call<"jobLogBlock">,
): Promise<Outcome<undefined>> {
  const found = await oneLog(host, params.id, query);
  if (!found.ok) return found;
  const { ref, done } = found.value;
  const index = await host.store.output.lines(ref);
  const block = index === null ? null : { number: params.block, index, done };
  const tag = block === null ? `"${done ? "none" : "not-yet"}"` : tagOf(block);
  const cacheControl = block !== null && done && isFull(block) ? FOR_EVER : "no-store";
  reply.raw.setHeader("etag", tag);
  if (request.headers["if-none-match"] === tag) {
    await reply.code(304).headers({ etag: tag, "cache-control": cacheControl }).send();
    return ok(undefined);
  }
  harmless(reply);
  const sink = new Sink(reply, { contentType: TEXT, gatherMs: 0, closing, cacheControl });
  await pour(sink, async () => {
    for await (const bytes of block === null ? [] : blockPieces(host, ref, block)) {
      await sink.write(bytes);
      if (sink.signal.aborted) return false;
    }
    return true;
  });
  return ok(undefined);
}

async function sendWhole(
  { host, closing }: Context,
  { params, query, request, reply }: Call<"jobLogRaw">,
): Promise<Outcome<undefined>> {
  const found = await oneLog(host, params.id, query);
  if (!found.ok) return found;
  const { ref, state, done } = found.value;
  const size = await host.store.output.size(ref);
  // A script that has not ended may name what is to be masked: then nobody knows how long the text will be.
  const isPlain =
    done && (await host.store.secrets.of(state.id)) === null && (await host.store.output.cut(ref)) === null;
  const range = isPlain ? rangeOf(request.headers.range, size) : null;
  const { from, to } = range ?? { from: 0, to: size };
  harmless(reply);
  if (isPlain) reply.raw.setHeader("accept-ranges", "bytes");
  if (isPlain) reply.raw.setHeader("content-length", to - from);
  if (range !== null) reply.raw.setHeader("content-range", `bytes ${from}-${to - 1}/${size}`);
  const name = `${state.number}-${streamName(ref)}`.replaceAll(/[^\w.-]+/g, "-");
  if (query.download === true) reply.raw.setHeader("content-disposition", `attachment; filename="${name}.log"`);
  const sink = new Sink(reply, { contentType: TEXT, gatherMs: 0, closing, status: range === null ? 200 : 206 });
  await pour(sink, async () => {
    const pieces = host.store.output.read(ref, from, to);
    for await (const { bytes } of maskedPieces(host, { ref, from, pieces }, () => done)) {
      if (bytes.length > 0) await sink.write(bytes);
      if (sink.signal.aborted) return false;
    }
    return true;
  });
  return ok(undefined);
}

/** Whatever a script wrote, no browser runs it. */
function harmless({ raw }: FastifyReply): void {
  raw.setHeader("x-content-type-options", "nosniff");
  raw.setHeader("content-security-policy", "sandbox; default-src 'none'");
}

/** One range of bytes; null where none, or none that can be given, is asked for: then the answer is all of it. */
function rangeOf(header: string | undefined, size: number): { readonly from: number; readonly to: number } | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (found === null || found[0] === "bytes=-") return null;
  const [, first = "", last = ""] = found;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : null;
}

type Asked = { readonly script?: string; readonly attempt?: number; readonly stream?: "out" | "err" };
type OneLog = { readonly state: JobState; readonly ref: OutputRef; readonly done: boolean };

async function oneLog(host: Host, job: string, asked: Asked): Promise<Outcome<OneLog>> {
  const found = await findState(host, job);
  if (!found.ok) return found;
  const state = found.value;
  const keys = oneScript(state, asked.script);
  if (!keys.ok) return keys;
  const script = keys.value;
  const { plan, attempts } = theScript(state, script);
  const { stream = "out" } = asked;
  if (stream === "err" && !plan.separateStderr)
    return refuse("REQUEST_INVALID", `${script} has no stderr of its own: it is in its output`);
  const attempt = asked.attempt ?? attempts.at(-1)?.attempt ?? 1;
  if (asked.attempt !== undefined && !attempts.some((tried) => tried.attempt === attempt))
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `${script} of job ${state.number} has no attempt ${attempt}`);
  const ref: OutputRef = { jobId: state.id, script, attempt, stream };
  // Asked before the file is: what is done is looked at whole.
  return ok({ state, ref, done: isOver(host, ref) });
}

function oneScript(state: JobState, asked: string | undefined): Outcome<string> {
  if (asked !== undefined && scriptOf(state, asked) !== undefined) return ok(asked);
  const keys = asked === undefined ? [...scriptsOf(state)].map(({ plan }) => plan.key) : selectScripts(state, asked);
  const [first, ...others] = keys ?? [];
  if (first === undefined || keys === null)
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `job ${state.number} has no script ${JSON.stringify(asked ?? "")}`);
  if (others.length === 0) return ok(first);
  const what = asked === undefined ? "script is missing" : `${JSON.stringify(asked)} is more than one script`;
  const candidates = [first, ...others].slice(0, 20);
  return refuse("REQUEST_INVALID", `${what}: job ${state.number} has ${others.length + 1}`, { candidates });
}
