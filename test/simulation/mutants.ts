import { scriptOf, type Input, type JobState, type Observation } from "@aither/core";
import type { AttemptRef, Fact, Instant } from "@aither/protocol";
import { crowded, unordered } from "./mutated-plans.ts";
import { core, deciding, executor, journal, type Mutant, passedOver, reporting, wanting } from "./planting.ts";

const diskBugs: readonly Mutant[] = [
  {
    name: "answers and publishes before the disk has it",
    caughtBy: "disk-first",
    tamper: journal((real) => ({
      append: (...given) => {
        real.append(...given).catch(() => {});
        return Promise.resolve();
      },
    })),
  },
  {
    name: "goes on when a sync fails",
    caughtBy: "disk-first",
    firstSeed: 56,
    tamper: journal((real) => ({
      append: (...given) =>
        real.append(...given).catch((error: unknown) => {
          if (!String(error).includes("EIO")) throw error;
        }),
    })),
  },
  {
    name: "writes the facts of one turn in the wrong order",
    caughtBy: "seq-gapless",
    tamper: journal((real) => ({
      append: (jobId, seq, events) => real.append(jobId, seq, seq === 0 ? events : events.toReversed()),
    })),
  },
  {
    name: "leaves ended jobs among the active ones",
    caughtBy: "everything-ends",
    tamper: journal(() => ({ retire: () => Promise.resolve() })),
  },
  {
    name: "believes what the daemon before it wrote and did not sync",
    caughtBy: "everything-ends",
    firstSeed: 84,
    tamper: (options, world) => {
      world.disk.syncsWhenRead = false;
      return options;
    },
  },
  {
    name: "drops an event when a watcher reads what it missed",
    caughtBy: "subscriber-sees-each-seq-once",
    tamper: journal((real, world) => ({
      async *read(jobId) {
        for await (const event of real.read(jobId)) {
          if (!world.isOpen || event.seq % 5 !== 0) yield event;
        }
      },
    })),
  },
];

const executorBugs: readonly Mutant[] = [
  {
    name: "calls an attempt not started without fencing it",
    caughtBy: "at-most-one-start-per-attempt",
    tamper: executor((real, world) => {
      let tell: (observation: Observation) => void = () => {};
      return {
        onObservation: (listener) => {
          tell = listener;
          real.onObservation(listener);
        },
        ensure: (request) => {
          const unclaimed = world.machine.find(request.ref).is === "unclaimed";
          if (request.recovering && !request.started && unclaimed) {
            tell({ is: "not-started", ref: request.ref });
          } else real.ensure(request);
        },
      };
    }),
  },
  {
    name: "takes a claim that a power cut took away for none",
    caughtBy: "fenced-never-ran",
    tamper: executor((real) => ({
      ensure: (request) => real.ensure({ ...request, scheduledIn: null }),
    })),
  },
  {
    name: "does not ask after attempts of the daemon before",
    caughtBy: "everything-ends",
    tamper: executor((real) => ({
      ensure: (request) => {
        if (!request.recovering) real.ensure(request);
      },
    })),
  },
  {
    name: "reports a process dead that it has only signalled",
    caughtBy: "no-orphan",
    tamper: executor((real) => {
      let tell: (observation: Observation) => void = () => {};
      return {
        onObservation: (listener) => {
          tell = listener;
          real.onObservation(listener);
        },
        signal: ({ ref, handle, signal }) => {
          real.signal({ ref, handle, signal });
          tell({ is: "lost", ref, evidence: "it was signalled" });
        },
      };
    }),
  },
  {
    name: "records every exit as success",
    caughtBy: "recorded-code-is-true",
    tamper: reporting((one) => (one.is === "exited" ? { ...one, exitCode: 0 } : one)),
  },
  {
    name: "calls an exit lost although it was recorded",
    caughtBy: "recorded-code-is-true",
    tamper: reporting((one) => (one.is === "exited" ? { is: "lost", ref: one.ref, evidence: "not looked for" } : one)),
  },
  {
    name: "counts time limits on the wall clock",
    caughtBy: "timeouts-fire",
    firstSeed: 31,
    tamper: reporting((one) => {
      if (!("handle" in one)) return one;
      const { startedMonotonicMs: _unknown, ...handle } = one.handle;
      return { ...one, handle };
    }),
  },
  {
    name: "takes a late report of an old attempt for one of the new",
    caughtBy: "recorded-code-is-true",
    firstSeed: 153,
    tamper: core((real) => ({
      decide: (state, input, now) => real.decide(state, asIfCurrent(state, input), now),
    })),
  },
];

const coreBugs: readonly Mutant[] = [
  {
    name: "gives out one slot too many",
    caughtBy: "slots-never-exceeded",
    tamper: core((real) => ({
      admit: (jobs, { slots }, now) => real.admit(jobs, { slots: slots + 1 }, now),
    })),
  },
  {
    name: "forgets what a stage needs",
    caughtBy: "stage-order",
    tamper: core((real) => ({
      evolve: (state, event) =>
        real.evolve(state, event.type === "OrchestrationQueued" ? { ...event, plan: unordered(event.plan) } : event),
    })),
  },
  {
    name: "forgets now and then that it has made the legs of a matrix",
    caughtBy: "expanded-as-told",
    tamper: core((real) => ({
      evolve: (state, event) =>
        event.type === "StageExpanded" && event.seq % 2 === 0 ? passedOver(state, event) : real.evolve(state, event),
    })),
  },
  {
    name: "makes legs of other outputs than the recorded ones",
    caughtBy: "expanded-as-told",
    tamper: core((real) => ({
      settle: (state, now) => {
        const fact = real.settle(state, now);
        return fact?.type === "StageExpanded" ? { ...fact, legs: fact.legs.slice(1) } : fact;
      },
    })),
  },
  {
    name: "runs beside others what is to run alone",
    caughtBy: "stage-order",
    tamper: core((real) => ({
      evolve: (state, event) =>
        real.evolve(state, event.type === "OrchestrationQueued" ? { ...event, plan: crowded(event.plan) } : event),
    })),
  },
  {
    name: "schedules scripts of a paused job",
    caughtBy: "paused-means-it",
    tamper: core((real) => ({
      admit: (jobs, allowed, now) => real.admit(unpaused(jobs), allowed, now),
      decide: (state, input, now) =>
        real.decide(state !== null && input.is === "slot-granted" ? asRunning(state) : state, input, now),
      evolve: (state, event) => {
        const isPaused = state?.status === "Paused" && event.type === "ScriptScheduled";
        if (!isPaused) return real.evolve(state, event);
        return { ...real.evolve(asRunning(state), event), status: "Paused" };
      },
    })),
  },
  {
    name: "counts time limits on while everything stands still",
    caughtBy: "timeouts-fire",
    firstSeed: 170,
    tamper: core((real) => ({
      settle: (state, now) => real.settle({ ...state, frozenAt: null }, now),
    })),
  },
  {
    name: "does not mind how long a script is silent",
    caughtBy: "timeouts-fire",
    tamper: deciding((facts, { input }) => (input.is === "silent" ? [] : facts)),
  },
  {
    name: "tries again whatever the exit code",
    caughtBy: "retry-budget",
    tamper: deciding((facts, { state, now }) => facts.map((fact) => withoutCodes(fact, state, now))),
  },
  {
    name: "forgets to let frozen scripts go on",
    caughtBy: "everything-ends",
    firstSeed: 70,
    tamper: wanting((effects) => effects.filter((effect) => effect.is !== "freeze" || effect.frozen)),
  },
  {
    name: "accepts a pause and does nothing",
    caughtBy: "paused-means-it",
    tamper: deciding((facts, { input }) => (input.is === "pause" ? [] : facts)),
  },
  {
    name: "accepts a cancel and does nothing",
    caughtBy: "acked-never-forgotten",
    tamper: deciding((facts, { input }) => (input.is === "cancel" ? [] : facts)),
  },
  {
    name: "lets what is on its way start after a cancel",
    caughtBy: "cancelled-means-it",
    firstSeed: 38,
    tamper: wanting((effects) =>
      effects.map((effect) =>
        effect.is === "ensure" && !effect.started && !effect.mayStart ? { ...effect, mayStart: true } : effect,
      ),
    ),
  },
  {
    name: "asks politely for ever",
    caughtBy: "cancel-ends-within-grace",
    firstSeed: 17,
    tamper: wanting((effects) => effects.filter((effect) => effect.is !== "signal" || effect.signal !== "KILL")),
  },
  {
    name: "sets no timer for a script's time limit",
    caughtBy: "timeouts-fire",
    firstSeed: 25,
    tamper: wanting((effects) =>
      effects.filter((effect) => effect.is !== "timer" || !effect.timer.startsWith("deadline:")),
    ),
  },
  {
    name: "retries without a budget",
    caughtBy: "retry-budget",
    tamper: deciding((facts, { state, now }) => facts.map((fact) => again(fact, state, now))),
  },
  {
    name: "does not wait for the back-off",
    caughtBy: "retry-budget",
    tamper: core((real) => ({
      evolve: (state, event) => real.evolve(state, event.type === "ScriptRetried" ? { ...event, retryAtMs: 0 } : event),
    })),
  },
  {
    name: "remembers something that is in no fact",
    caughtBy: "replay-equals-live",
    tamper: (options, world) => {
      const tampered = core((real) => ({
        evolve: (state, event) => ({
          ...real.evolve(state, event),
          reason: `seen at ${world.schedule.nowMs}`,
        }),
      }));
      return tampered(options, world);
    },
  },
  {
    name: "lets a late report start what has ended",
    caughtBy: "nothing-after-the-end",
    tamper: core((real) => ({
      decide: (state, input, now) => {
        const facts = real.decide(state, input, now);
        if (facts.length > 0 || state === null || input.is !== "started") return facts;
        const { script, attempt } = input.ref;
        const isOver = scriptOf(state, script)?.state.is === "completed";
        const handle = input.handle;
        return isOver ? [{ type: "ScriptStarted", script, attempt, handle, deadline: null }] : [];
      },
      evolve: (state, event) => {
        const isLate =
          state !== null && event.type === "ScriptStarted" && scriptOf(state, event.script)?.state.is !== "scheduled";
        return isLate ? passedOver(state, event) : real.evolve(state, event);
      },
    })),
  },
  {
    name: "does not know a request again after a restart",
    caughtBy: "acked-never-forgotten",
    tamper: core((real) => ({
      evolve: (state, event) => ({ ...real.evolve(state, event), requestId: null }),
    })),
  },
];

export const mutants: readonly Mutant[] = [...diskBugs, ...executorBugs, ...coreBugs];

function asIfCurrent(state: JobState | null, input: Input): Input {
  if (state === null || !("ref" in input)) return input;
  const attempt = scriptOf(state, input.ref.script)?.attempts.length ?? input.ref.attempt;
  const ref: AttemptRef = { ...input.ref, attempt };
  return { ...input, ref };
}

function asRunning(state: JobState): JobState {
  return state.status === "Paused" ? { ...state, status: "Running" } : state;
}

function* unpaused(jobs: Iterable<JobState>): Iterable<JobState> {
  for (const state of jobs) yield asRunning(state);
}

/** A failure that should be the end, made into one more try. */
function again(fact: Fact, state: JobState, now: Instant): Fact {
  if (fact.type !== "ScriptFailed" || fact.failure.kind !== "exit") return fact;
  const tries = scriptOf(state, fact.script)?.attempts.length ?? 0;
  if (tries > 6) return fact;
  const { script, attempt, failure, endedAtMs } = fact;
  return { type: "ScriptRetried", script, attempt, failure, endedAtMs, retryAtMs: now.wallMs };
}

/** A failure that is final by its exit code, made into one more try within the budget. */
function withoutCodes(fact: Fact, state: JobState, now: Instant): Fact {
  const record = fact.type === "ScriptFailed" ? scriptOf(state, fact.script) : undefined;
  if (record?.plan.retryExitCodes === undefined || record.failures >= record.plan.retries) return fact;
  return again(fact, state, now);
}
