import type { Outcome } from "@aither/engine";
import { problem, type Problem, type ProblemCode } from "@aither/protocol";

/** The two ways in which a call can end. Handlers return these; only bugs are thrown. */
export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export type Refusal = { readonly ok: false; readonly problem: Problem };

export function refuse(
  code: ProblemCode,
  detail: string,
  extras: { hint?: string; candidates?: readonly string[] } = {},
): Refusal {
  return { ok: false, problem: problem(code, detail, extras) };
}
