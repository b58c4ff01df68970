import { Type, type Static, type TSchema } from "typebox";
import { NoticeEvent } from "./around.ts";
import { SuccessCriteria } from "./checks.ts";
import { JsonRecord } from "./json.ts";
import { NotEnforced, PlanRole, PlaybookFormat, ScriptKind, StageDecision } from "./plan.ts";

const apiVersion = Type.Literal("aither/v1");
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const ScriptLine = Type.Object({
  key: Type.String({ description: "What names it in a job: `stage[leg]/script`." }),
  number: nullable(Type.String()),
  name: Type.String(),
  path: nullable(Type.String()),
  kind: ScriptKind,
  role: Type.Optional(PlanRole),
  undo: Type.Optional(Type.String({ description: "What undoes it." })),
});
const StageLine = {
  id: Type.String(),
  name: Type.String(),
  needs: Type.Array(Type.String()),
  after: Type.Array(
    Type.String({
      description: "Must have ended before. Its failure counts as with `needs`; that it was skipped does not.",
    }),
  ),
  decision: StageDecision,
  reason: Type.String(),
  condition: nullable(Type.String({ description: "What is decided when the stage's turn comes." })),
  dynamic: Type.Optional(
    Type.Object(
      {
        matrix: Type.String({ description: "The expression, or the matrix as JSON." }),
        needs: Type.Array(Type.String({ description: "Its legs are known when these stages have ended." })),
        place: Type.String({ description: '`file:line:col`; "" when it is in no file.' }),
        scripts: Type.Array(ScriptLine, { description: "What each leg will run." }),
      },
      { description: "A matrix that needs an earlier output; `legs` is empty then." },
    ),
  ),
  successCriteria: Type.Optional(SuccessCriteria),
  uses: Type.Optional(Type.String({ description: "`playbook:NAME`: it stands for the stages of that playbook." })),
  legs: Type.Array(Type.Object({ name: Type.String(), matrix: JsonRecord, scripts: Type.Array(ScriptLine) })),
};

/** The plan as people and tools read it (`playbooks plan --json`, `orch --dry-run --json`). */
export const PlanView = Type.Object({
  apiVersion,
  name: Type.String(),
  format: PlaybookFormat,
  profile: nullable(Type.String()),
  file: nullable(Type.String()),
  variables: JsonRecord,
  stages: Type.Array(Type.Object(StageLine)),
  called: Type.Array(
    Type.Object({
      ...StageLine,
      within: Type.String({ description: "The stage that calls the playbook which has this one." }),
      role: Type.Optional(PlanRole),
    }),
    { description: "The stages of playbooks that stages call." },
  ),
  around: Type.Array(Type.Object({ ...StageLine, role: PlanRole }), {
    description: "What runs before and behind the stages: hooks, post actions, the keeping of artifacts.",
  }),
  notifications: Type.Array(
    Type.Object({
      on: Type.Array(NoticeEvent),
      channel: Type.String(),
      to: Type.String({ description: "The address or the command line, as the playbook has it." }),
      message: Type.String(),
    }),
    { description: "Who is told of what." },
  ),
  successCriteria: Type.Optional(SuccessCriteria),
  undoOnFailure: Type.Boolean(),
  secrets: Type.Optional(Type.Array(Type.String(), { description: "Environment variables whose values are masked." })),
  missing: Type.Array(Type.String()),
  unknown: Type.Array(Type.String()),
  obstacles: Type.Array(Type.String(), {
    description: "What else would forbid the start as it is asked for: `file:line:col: message`.",
  }),
  notEnforced: Type.Array(NotEnforced),
});
export type PlanView = Static<typeof PlanView>;
