import { Type } from "typebox";
import { Json } from "../json.ts";
import { LegPlan } from "../plan.ts";
import { Deadline } from "../time.ts";
import { event } from "./envelope.ts";
import { SkipKind } from "./script.ts";

const stage = Type.String({ description: "Id of the stage." });
const leg = Type.Optional(
  Type.String({ description: "Name of the leg; absent when the fact is about the whole stage." }),
);
const reason = Type.String({ description: "A sentence a person can read." });

/** The six facts about a stage. In a matrix, start and end come once per leg too, with `leg`. */
export const stageEvents = {
  StageExpanded: event("StageExpanded", "A dynamic matrix became legs.", {
    stage,
    legs: Type.Array(LegPlan),
  }),
  StageStarted: event("StageStarted", "Its turn has come.", {
    stage,
    leg,
    deadline: Type.Optional(Deadline),
  }),
  StageCompleted: event("StageCompleted", "End: nothing in it failed, or what failed may.", {
    stage,
    leg,
    reason: Type.Optional(reason),
    outputs: Type.Optional(Type.Record(Type.String(), Json)),
  }),
  StageFailed: event("StageFailed", "End: a script failed.", {
    stage,
    leg,
    reason,
    tolerated: Type.Optional(Type.Boolean({ description: "`continueOnError`: counts as success for what follows." })),
  }),
  StageSkipped: event(
    "StageSkipped",
    "End: it never ran; its scripts are skipped with it and have no events of their own.",
    { stage, leg, kind: Type.Optional(SkipKind), reason },
  ),
  StageCancelled: event(
    "StageCancelled",
    "End: the job was cancelled, or fail-fast stopped it. When it never ran, its scripts are cancelled with it.",
    {
      stage,
      leg,
      reason: Type.Optional(reason),
    },
  ),
};
