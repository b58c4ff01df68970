import { Type } from "typebox";
import { Json } from "../json.ts";
import { Plan } from "../plan.ts";
import { Deadline, Instant } from "../time.ts";
import { event } from "./envelope.ts";
import { Exports } from "./script.ts";

const by = Type.String({ description: "Who asked: a user's name, or `daemon`." });

const frozenMs = Type.Optional(
  Type.Number({ description: "So long everything stood still: time limits are later by it." }),
);

/** The nine facts about a job. */
export const orchestrationEvents = {
  OrchestrationQueued: event("OrchestrationQueued", "Accepted: the job exists. Always the first event of a journal.", {
    number: Type.Integer({
      minimum: 1,
      description: "The small number people type; counted per home.",
    }),
    requestId: Type.Union([Type.String(), Type.Null()], {
      description: "The caller's Idempotency-Key.",
    }),
    name: Type.String(),
    plan: Plan,
    options: Type.Object({
      useCache: Type.Boolean(),
      refreshCache: Type.Optional(
        Type.Boolean({ description: "With `useCache`: nothing is looked up, everything is stored." }),
      ),
      generateSummary: Type.Boolean(),
      priority: Type.Integer(),
      pool: Type.Optional(Type.String()),
      startAtMs: Type.Optional(Type.Number({ description: "Not before this wall time, ms since the epoch." })),
    }),
    by,
    parent: Type.Union([Type.String(), Type.Null()], {
      description: "The job this one retries.",
    }),
    passedBefore: Type.Array(Type.String(), {
      description: "Keys of scripts that passed in `parent` and are skipped.",
    }),
    passedOutputs: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.String()), {
        description: "What those had told: by key of the script, its outputs.",
      }),
    ),
    passedExports: Type.Optional(
      Type.Record(Type.String(), Exports, { description: "What those hand to the later scripts of their legs." }),
    ),
  }),
  OrchestrationStarted: event("OrchestrationStarted", "Left the queue.", {
    deadline: Type.Optional(Deadline),
  }),
  OrchestrationPaused: event(
    "OrchestrationPaused",
    "No new script starts; running ones go on, unless `frozenAt` says that they stand still.",
    {
      by,
      reason: Type.Optional(Type.String()),
      frozenAt: Type.Optional(Instant),
    },
  ),
  OrchestrationResumed: event("OrchestrationResumed", "Scripts may start again; those that were frozen go on.", {
    by,
    frozenMs,
  }),
  OrchestrationCancelRequested: event("OrchestrationCancelRequested", "It will end as cancelled.", {
    by,
    reason: Type.Optional(Type.String()),
    force: Type.Boolean({
      description: "Also stop scripts whose condition lets them run after a cancel.",
    }),
    deadline: Type.Optional(Deadline),
    frozenMs,
  }),
  OrchestrationRecovered: event("OrchestrationRecovered", "A new daemon took the job over.", {
    daemonId: Type.String(),
    downSince: Type.Union([Type.String(), Type.Null()]),
  }),
  OrchestrationCompleted: event("OrchestrationCompleted", "End: success.", {
    reason: Type.Optional(Type.String({ description: "Why it is one although something failed." })),
    outputs: Type.Optional(Type.Record(Type.String(), Json)),
  }),
  OrchestrationFailed: event("OrchestrationFailed", "End: failure.", { reason: Type.String() }),
  OrchestrationCancelled: event("OrchestrationCancelled", "End: cancelled.", {}),
};
