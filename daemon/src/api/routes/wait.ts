import type { ServerResponse } from "node:http";
import { detail, hasEnded, type JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function waitRoute(app: FastifyInstance, { host, closing }: Context): void {
  /** Those who wait, by job: one listener serves them all. */
  const waiting = new Map<JobId, Set<(state: JobState) => void>>();
  host.engine.onPublished(({ event, state }) => {
    if (!hasEnded(state)) return;
    for (const tell of waiting.get(event.jobId) ?? []) tell(state);
  });

  mount(app, "waitJob", async ({ params, query, reply }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    // Between that look-up and this line the job may have gone on: what counts is taken in one go with the waiting.
    const state = host.engine.job(found.value.id) ?? found.value;
    if (hasEnded(state) || query.timeoutMs === 0) return ok(detail(state));
    const ended = await untilEnd({
      jobId: state.id,
      timeoutMs: query.timeoutMs,
      signals: [closing, gone(reply.raw)],
    });
    if (ended !== null) return ok(detail(ended));
    if (closing.aborted) return refuse("STOPPING", "the daemon stops; the job goes on");
    return ok(detail(host.engine.job(state.id) ?? state));
  });

  type Wait = { jobId: JobId; timeoutMs: number | undefined; signals: readonly AbortSignal[] };

  function untilEnd({ jobId, timeoutMs, signals }: Wait): Promise<JobState | null> {
    return new Promise((resolve) => {
      const all = waiting.get(jobId) ?? new Set();
      waiting.set(jobId, all);
      const leave = (state: JobState | null): void => {
        all.delete(leave);
        if (all.size === 0) waiting.delete(jobId);
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener("abort", giveUp);
        resolve(state);
      };
      const giveUp = (): void => leave(null);
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
      for (const signal of signals) {
        signal.addEventListener("abort", giveUp, { once: true });
        if (signal.aborted) queueMicrotask(giveUp);
      }
      all.add(leave);
    });
  }
}

/** Aborted when the caller is gone (or was answered, when nobody looks any more). */
function gone(reply: ServerResponse): AbortSignal {
  const controller = new AbortController();
  reply.once("close", () => controller.abort());
  return controller.signal;
}
