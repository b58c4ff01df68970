import { admit, check, decide, effectId, effects, evolve, resolveRun, settle, toEvent, turns } from "@aither/core";

/** The core, as a parameter: the simulator hands in cores with planted bugs and expects to catch them. */
export type Behaviour = {
  readonly decide: typeof decide;
  readonly settle: typeof settle;
  readonly evolve: typeof evolve;
  readonly effects: typeof effects;
  readonly effectId: typeof effectId;
  readonly admit: typeof admit;
  readonly turns: typeof turns;
  readonly check: typeof check;
  readonly toEvent: typeof toEvent;
  readonly resolveRun: typeof resolveRun;
};

export const behaviour: Behaviour = {
  decide,
  settle,
  evolve,
  effects,
  effectId,
  admit,
  turns,
  check,
  toEvent,
  resolveRun,
};
