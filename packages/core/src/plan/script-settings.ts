import type { Json, PlaybookStage, PlaybookStep, RunSpec, ScriptPlan } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import type { Decided } from "./decide.ts";
import type { InnerStep } from "./inner-step.ts";
import type { At, Scope } from "./scope.ts";
import { backoffOf, count, flag, limitOf, seconds, terminalOf } from "./settings.ts";

/** What a step, its stage and the playbook's defaults say of how it runs; the nearest wins. */
export function settings(
  compiler: Compiler,
  { stage, step }: { readonly stage: PlaybookStage; readonly step: InnerStep },
  scope: Scope,
  at: At,
) {
  const { defaults } = compiler;
  const resolve = (value: Json | undefined, key: string): Json | undefined =>
    typeof value === "string" ? compiler.setting(value, scope, { ...at, keys: [...at.keys, key] }) : value;
  const nearest = <Key extends keyof PlaybookStep & keyof PlaybookStage & keyof typeof defaults>(key: Key) =>
    step[key] ?? stage[key] ?? defaults[key];
  const silenceMs = step.collect === undefined ? seconds(resolve(nearest("noOutputTimeout"), "noOutputTimeout")) : null;
  const retryExitCodes = nearest("retryExitCodes");
  const successExitCodes = nearest("successExitCodes");
  return {
    timeoutMs: seconds(
      resolve(step.timeout ?? (stage.timeout === undefined ? defaults.timeout : undefined), "timeout"),
    ),
    retries: count(resolve(nearest("retries"), "retries")) ?? 0,
    backoff: backoffOf(nearest("backoff")),
    continueOnError: flag(resolve(step.continueOnError, "continueOnError")) ?? false,
    idempotent: step.idempotent ?? false,
    onInterrupted: step.onInterrupted ?? (step.idempotent === true ? "resume" : "fail"),
    successExitCodes: successExitCodes === undefined ? [0, 3010] : [...new Set(successExitCodes)],
    ...(retryExitCodes !== undefined && { retryExitCodes: [...new Set(retryExitCodes)] }),
    ...(silenceMs !== null && { noOutputTimeoutMs: silenceMs }),
    stopLadder: STOP_LADDER,
    separateStderr: step.separateStderr ?? false,
    ...(step.stdin === true && { stdin: true }),
    ...terminalOf(step.pty),
    ...limitOf(nearest("logLimit")),
  } satisfies Partial<ScriptPlan>;
}

/** One for all scripts of all plans; frozen, so that nobody changes it for others. */
const STOP_LADDER: ScriptPlan["stopLadder"] = [
  Object.freeze({ signal: "TERM", afterMs: 10_000 } as const),
  Object.freeze({ signal: "KILL", afterMs: 0 } as const),
];
Object.freeze(STOP_LADDER);

export function withOwnEnv(run: RunSpec, { env }: PlaybookStep): RunSpec {
  return env === undefined ? run : { ...run, ownEnv: Object.keys(env) };
}

export function conditionOf({ decision, condition, reason }: Decided): Pick<ScriptPlan, "condition" | "reason"> {
  return decision === "skip" ? { condition: "false", reason } : { condition };
}
