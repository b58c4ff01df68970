import { summary } from "@aither/core";
import type { Outcome } from "@aither/engine";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { SearchQuery } from "../../search/query.ts";
import { whatIsWrong } from "../../search/query.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { limits } from "../limits.ts";
import { sendHits, tooMany, type Scope } from "../logs/search.ts";
import { selectScripts } from "../logs/select.ts";
import { mountStream } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { pour, Sink } from "../streams/sink.ts";

type Asked = {
  readonly q: string;
  readonly re?: boolean;
  readonly case?: boolean;
  readonly script?: string;
  readonly attempt?: number;
  readonly stream?: "out" | "err";
  readonly since?: string;
  readonly from?: number;
  readonly max?: number;
};

export function searchRoutes(app: FastifyInstance, context: Context): void {
  mountStream(app, "searchOutput", {
    answer: async ({ query, reply }) => answer(context, { asked: query, job: query.job, reply }),
  });
  mountStream(app, "searchJob", {
    answer: async ({ params, query, reply }) => answer(context, { asked: query, job: params.id, reply }),
  });
}

type Call = { readonly asked: Asked; readonly job: string | undefined; readonly reply: FastifyReply };

async function answer({ host, closing }: Context, { asked, job, reply }: Call): Promise<Outcome<undefined>> {
  const query: SearchQuery = { text: asked.q, regex: asked.re ?? false, ignoreCase: !(asked.case ?? true) };
  const wrong = whatIsWrong(query);
  if (wrong !== null) return refuse("REQUEST_INVALID", `what is searched for ${wrong}`, { hint: PATTERN_HINT });
  const sinceMs = asked.since === undefined ? null : Date.parse(asked.since);
  if (Number.isNaN(sinceMs)) return refuse("REQUEST_INVALID", `since must be ISO 8601: ${asked.since ?? ""}`);
  const state = job === undefined ? null : await findState(host, job);
  if (state?.ok === false) return state;
  const { script = null } = asked;
  if (state !== null && script !== null && selectScripts(state.value, script) === null) {
    const detail = `job ${state.value.number} has no script or stage ${JSON.stringify(script)}`;
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", detail);
  }
  const busy = tooMany();
  if (busy !== null) return { ok: false, problem: busy };
  const scope: Scope = {
    job: state === null ? null : summary(state.value),
    script,
    attempt: asked.attempt ?? null,
    stream: asked.stream ?? null,
    sinceMs,
    fromLine: asked.from ?? 1,
    max: asked.max ?? Number.POSITIVE_INFINITY,
  };
  const sink = new Sink(reply, { contentType: "application/x-ndjson", gatherMs: limits.logGatherMs, closing });
  await pour(sink, async () => sendHits(host, query, { scope, sink }));
  return ok(undefined);
}

const PATTERN_HINT = "without --regex the text is taken as it is";
