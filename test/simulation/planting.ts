import type { Effect, Input, JobState, Observation } from "@aither/core";
import { behaviour, type Behaviour, type EngineOptions } from "@aither/engine";
import type { Event, Fact, Instant } from "@aither/protocol";
import type { Tamper, World } from "./world.ts";

/** A planted bug, and the checker that must catch it. */
export type Mutant = {
  readonly name: string;
  readonly caughtBy: string;
  /** Where it shows; only there to be quick: the test looks on from there. */
  readonly firstSeed?: number;
  readonly tamper: Tamper;
};

/** Bugs in the core: some of its functions are replaced. */
export function core(change: (real: Behaviour) => Partial<Behaviour>): Tamper {
  return (options) => ({ ...options, behaviour: { ...behaviour, ...change(behaviour) } });
}

/** Bugs in how facts are decided. */
export function deciding(
  change: (facts: Fact[], given: { state: JobState; input: Input; now: Instant }) => Fact[],
): Tamper {
  return core((real) => ({
    decide: (state, input, now) => {
      const facts = real.decide(state, input, now);
      return state === null ? facts : change(facts, { state, input, now });
    },
  }));
}

/** Bugs in what the world is asked for. */
export function wanting(change: (effects: Effect[]) => Effect[]): Tamper {
  return core((real) => ({ effects: (state) => change(real.effects(state)) }));
}

/** Bugs in the journal. */
export function journal(
  change: (real: EngineOptions["journal"], world: World) => Partial<EngineOptions["journal"]>,
): Tamper {
  return (options, world) => {
    const { journal: real } = options;
    return { ...options, journal: overlaid(real, change(real, world)) };
  };
}

type Executor = EngineOptions["executor"];

/** Bugs in the executor. */
export function executor(change: (real: Executor, world: World) => Partial<Executor>): Tamper {
  return (options, world) => {
    const { executor: real } = options;
    return { ...options, executor: overlaid(real, change(real, world)) };
  };
}

/** The same thing with some of its methods replaced, and everything else as it is. */
function overlaid<Port extends object>(real: Port, changed: Partial<Port>): Port {
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(changed, name) ? changed : target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Bugs in what is reported. */
export function reporting(change: (observation: Observation) => Observation): Tamper {
  return executor((real) => ({
    onObservation: (listener) => real.onObservation((one) => listener(change(one))),
  }));
}

/** The state a fold would have without seeing this event, but for its number. */
export function passedOver(state: JobState | null, event: Event): JobState {
  if (state === null) throw new Error("nothing to pass over");
  return { ...state, seq: event.seq };
}
