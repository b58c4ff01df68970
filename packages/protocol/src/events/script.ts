import { Type, type Static } from "typebox";
import { CacheNote } from "../cache.ts";
import { Failure } from "../failure.ts";
import { ScriptPlan } from "../plan.ts";
import { Deadline } from "../time.ts";
import { event } from "./envelope.ts";

const script = Type.String({ description: "Key of the script." });
const attempt = Type.Integer({ minimum: 1 });
const endedAtMs = Type.Number({
  description: "When the process ended: ms since the epoch, from its exit record.",
});

/** The process that runs an attempt. `pid` + `startTime` + `bootId` name it for ever. */
export const Handle = Type.Object({
  bootId: Type.String(),
  pid: Type.Integer(),
  startTime: Type.String({
    description: "Field 22 of /proc/<pid>/stat, or what the platform has; `-` when unknown.",
  }),
  startedAtMs: Type.Number(),
  startedMonotonicMs: Type.Optional(
    Type.Number({
      description:
        "The same moment on this boot's monotonic clock, when the platform tells; time limits then count from it, and a wall clock that is set changes nothing.",
    }),
  ),
});
export type Handle = Static<typeof Handle>;

export const StopCause = Type.Union([
  Type.Literal("cancel"),
  Type.Literal("timeout"),
  Type.Literal("skip"),
  Type.Literal("fail-fast"),
]);
export type StopCause = Static<typeof StopCause>;

export const SkipKind = Type.Union([
  Type.Literal("condition"),
  Type.Literal("dependency"),
  Type.Literal("requested"),
  Type.Literal("cached"),
  Type.Literal("passed-before"),
  Type.Literal("timeout"),
]);
export type SkipKind = Static<typeof SkipKind>;

const cache = Type.Optional(CacheNote);

const outputs = Type.Optional(Type.Record(Type.String(), Type.String()));

/** What a script hands to the later ones of its leg, by the files AITHER_ENV and AITHER_PATH. */
export const Exports = Type.Object({
  env: Type.Record(Type.String(), Type.String()),
  path: Type.Array(Type.String({ description: "Folders in front of the PATH, the last one first." })),
});
export type Exports = Static<typeof Exports>;
const exported = Type.Optional(Exports);

const leftovers = Type.Optional(
  Type.Array(Type.Integer(), { description: "Pids of the attempt's processes that were still alive at its end." }),
);

/** The facts about a script. */
export const scriptEvents = {
  ScriptScheduled: event("ScriptScheduled", "Intent: this attempt may now be started; a slot is taken.", {
    script,
    attempt,
    executor: Type.String(),
    bootId: Type.Optional(
      Type.String({
        description:
          "The boot of the machine it was scheduled in. In a later boot a missing claim proves nothing: the power may have gone before it was on disk.",
      }),
    ),
  }),
  ScriptFenced: event("ScriptFenced", "This attempt never started and never will. Not an end; costs no retry.", {
    script,
    attempt,
  }),
  ScriptStarted: event("ScriptStarted", "A process runs.", {
    script,
    attempt,
    handle: Handle,
    deadline: Type.Union([Deadline, Type.Null()]),
    cache,
  }),
  ScriptAdopted: event("ScriptAdopted", "A process was found alive by a new daemon.", {
    script,
    attempt,
    handle: Handle,
    deadline: Type.Union([Deadline, Type.Null()]),
    cache,
  }),
  ScriptProgressed: event("ScriptProgressed", "The script said how far it is; at most one a second.", {
    script,
    attempt,
    percent: Type.Optional(Type.Number()),
    note: Type.Optional(Type.String()),
  }),
  ScriptTerminating: event("ScriptTerminating", "It was asked to stop.", {
    script,
    attempt,
    cause: StopCause,
    reason: Type.Optional(Type.String()),
    silent: Type.Optional(Type.Boolean({ description: "Because it had written nothing for too long." })),
    signal: Type.String(),
    rung: Type.Integer({ description: "Index into the script's stop ladder." }),
    killAt: Deadline,
  }),
  ScriptKilling: event("ScriptKilling", "Its grace is over.", { script, attempt }),
  ScriptInterrupted: event("ScriptInterrupted", "It ran, or may have run, and nobody knows how it ended.", {
    script,
    attempt,
    evidence: Type.String(),
  }),
  ScriptRetried: event("ScriptRetried", "This attempt failed, another will come. Not an end.", {
    script,
    attempt,
    failure: Failure,
    endedAtMs,
    retryAtMs: Type.Number({ description: "Wall time, ms since the epoch." }),
    leftovers,
  }),
  ScriptExpanded: event("ScriptExpanded", "Inner scripts that are known only at run time.", {
    script,
    scripts: Type.Array(ScriptPlan),
  }),
  ScriptOutputSet: event("ScriptOutputSet", "An output, before the end.", {
    script,
    attempt,
    name: Type.String(),
    value: Type.String(),
  }),
  ScriptCompleted: event(
    "ScriptCompleted",
    "End: success. After a `hit` of the cache without a start: no process ran.",
    {
      script,
      attempt,
      exitCode: Type.Integer(),
      endedAtMs,
      outputs,
      exports: exported,
      restartRequired: Type.Optional(Type.Boolean({ description: "Exit code 3010." })),
      leftovers,
      cache,
    },
  ),
  ScriptFailed: event("ScriptFailed", "End: no more attempts.", {
    script,
    attempt,
    failure: Failure,
    endedAtMs,
    outputs,
    exports: exported,
    tolerated: Type.Optional(Type.Boolean()),
    leftovers,
  }),
  ScriptSkipped: event("ScriptSkipped", "End: it did not run, or was stopped in order to be skipped.", {
    script,
    kind: SkipKind,
    reason: Type.String(),
    leftovers,
  }),
  ScriptCancelled: event("ScriptCancelled", "End: the job was cancelled, or fail-fast stopped it.", {
    script,
    attempt: Type.Optional(attempt),
    endedAtMs: Type.Optional(Type.Number()),
    reason: Type.Optional(Type.String()),
    leftovers,
  }),
};
