import { admit, check, decide, effectId, effects, evolve, settle, toEvent } from "@aither/core";
import type { JobState } from "@aither/core";
import type { RunSpec, ScriptKey } from "@aither/protocol";

/** A script's `run` with every template filled in, or why that cannot be done. */
export type ResolvedRun =
  | { readonly ok: true; readonly run: RunSpec }
  | { readonly ok: false; readonly message: string };

/** The core, as a parameter: the simulator hands in cores with planted bugs and expects to catch them. */
export type Behaviour = {
  readonly decide: typeof decide;
  readonly settle: typeof settle;
  readonly evolve: typeof evolve;
  readonly effects: typeof effects;
  readonly effectId: typeof effectId;
  readonly admit: typeof admit;
  readonly check: typeof check;
  readonly toEvent: typeof toEvent;
  readonly resolveRun: (state: JobState, script: ScriptKey) => ResolvedRun;
};

export const behaviour: Behaviour = {
  decide,
  settle,
  evolve,
  effects,
  effectId,
  admit,
  check,
  toEvent,
  resolveRun: (_state, script) => ({ ok: false, message: `templates of ${script} need a resolver` }),
};
