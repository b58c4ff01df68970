import { check, summary, type JobState } from "@aither/core";
import type { JobCommand, Outcome } from "@aither/engine";
import { API_VERSION, type Reply } from "@aither/protocol";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { ok, refuse } from "../outcome.ts";

/** Hands a command to the engine. Answers when its facts are durable. */
export async function command(
  { host }: Context,
  name: string,
  build: (state: JobState) => Outcome<JobCommand>,
): Promise<Outcome<Reply<"cancelJob">>> {
  const found = await findState(host, name);
  if (!found.ok) return found;
  const state = found.value;
  const built = build(state);
  if (!built.ok) return built;
  if (host.engine.job(state.id) === undefined) {
    // It ended in an earlier life; the same rules answer as if the engine still knew it.
    const refusal = check(state, built.value);
    return refusal === null ? ok({ apiVersion: API_VERSION, ...summary(state) }) : refuse(refusal.code, refusal.detail);
  }
  const done = await host.engine.submit(state.id, built.value);
  return done.ok ? ok({ apiVersion: API_VERSION, ...summary(done.value) }) : done;
}
