import { hasEnded, resolveTarget, scriptOf, type JobState, type ScriptRecord } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import { takers } from "../../exec/control.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function inputRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "sendInput", async ({ params, body: { script, text = "", eof = false } }) => {
    if (text === "" && !eof) return refuse("REQUEST_INVALID", "the body must have a text, or eof: true, or both");
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const state = found.value;
    if (hasEnded(state)) return refuse("JOB_ENDED", `job #${state.number} has ended: ${state.status}`);
    const taker = takerOf(state, script);
    if (!taker.ok) return taker;
    const { key, name } = taker.value.plan;
    const sent = await host.control.send(state.id, { script: key, text, eof });
    switch (sent.is) {
      case "sent":
        return ok({
          apiVersion: API_VERSION,
          jobId: state.id,
          number: state.number,
          script: key,
          attempt: sent.attempt,
          bytes: sent.bytes,
          eof,
        });
      case "closed":
        return refuse("JOB_STATE", `nothing can be sent to \`${name}\`: ${sent.why}`);
      case "full":
        return refuse("LIMIT_REACHED", `\`${name}\` does not read: only ${sent.bytes} bytes went in`, {
          hint: "send the rest when it has read",
        });
      default:
        return sent satisfies never;
    }
  });
}

/** The script that is meant; without a name the only one that takes input. */
function takerOf(state: JobState, wanted: string | undefined): Outcome<ScriptRecord> {
  const hint = "a step takes input when the playbook says `stdin: true` of it";
  if (wanted === undefined) {
    const all = takers(state);
    const [only] = all;
    if (only === undefined) return refuse("JOB_STATE", `no script of job #${state.number} takes input now`, { hint });
    if (all.length === 1) return ok(only);
    const candidates = all.map(({ plan }) => plan.key);
    return refuse("JOB_STATE", `${all.length} scripts of job #${state.number} take input`, {
      candidates,
      hint: "say which with --script",
    });
  }
  const target = resolveTarget(state, wanted);
  const record = target !== null && "target" in target && "script" in target.target ? target.target.script : null;
  if (record === null) {
    const candidates = target !== null && "candidates" in target ? target.candidates : [];
    const detail = `${JSON.stringify(wanted)} is not one script of job #${state.number}`;
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", detail, { candidates });
  }
  const script = scriptOf(state, record);
  if (script?.plan.stdin === true) return ok(script);
  return refuse("JOB_STATE", `\`${script?.plan.name ?? record}\` takes no input`, { hint });
}
