import { Type, type Static, type TSchema } from "typebox";
import { JsonRecord } from "./json.ts";

/** Body of `POST /api/orchestrate`. Exactly one of `playbook`, `selector` and `text` is given. */
export const StartJob = Type.Object(
  {
    playbook: Type.Optional(Type.String({ minLength: 1, description: "A playbook's name, or a path to a file." })),
    selector: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Scripts to run as a one-stage job: `0402`, `tag:unit`.",
      }),
    ),
    text: Type.Optional(Type.String({ description: "An unsaved playbook (YAML or JSON)." })),
    variables: Type.Optional(JsonRecord),
    profile: Type.Optional(Type.String()),
    useCache: Type.Optional(
      Type.Boolean({
        description: "Scripts that say what they depend on are not run again when nothing of it changed.",
      }),
    ),
    refreshCache: Type.Optional(
      Type.Boolean({ description: "Run everything, and store the results anew for later jobs; implies useCache." }),
    ),
    generateSummary: Type.Optional(
      Type.Boolean({ description: "Write `summary.md` into the job's folder when it has ended." }),
    ),
    workspace: Type.Optional(
      Type.String({
        description: "Absolute path; default: the daemon's idea of the client's folder.",
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "The whole environment scripts start from.",
      }),
    ),
    secrets: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
        description: "More of the environment; these values are masked wherever somebody reads output or documents.",
      }),
    ),
    umask: Type.Optional(Type.Integer({ minimum: 0, maximum: 0o777 })),
    name: Type.Optional(Type.String()),
    timeoutMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    priority: Type.Optional(
      Type.Integer({ minimum: -100, maximum: 100, description: "Who gets free slots first; default 0." }),
    ),
    pool: Type.Optional(
      Type.String({ minLength: 1, description: "A pool of the daemon's settings; its jobs share its slots." }),
    ),
    at: Type.Optional(
      Type.String({ description: "ISO 8601 with a zone: the job waits in the queue until then, by the wall clock." }),
    ),
    assume: Type.Optional(Type.Boolean({ description: "What an undecidable condition counts as." })),
  },
  { additionalProperties: false },
);
export type StartJob = Static<typeof StartJob>;

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const DiagnosticSchema = Type.Object({
  severity: Type.Union([Type.Literal("error"), Type.Literal("warning"), Type.Literal("info")]),
  code: Type.String(),
  message: Type.String(),
  file: nullable(Type.String()),
  line: nullable(Type.Integer()),
  col: nullable(Type.Integer()),
  endLine: nullable(Type.Integer()),
  endCol: nullable(Type.Integer()),
  fix: nullable(Type.String()),
});

export const StartJobReply = Type.Object({
  apiVersion: Type.Literal("aither/v1"),
  jobId: Type.String(),
  number: Type.Integer(),
  status: Type.String(),
  warnings: Type.Optional(
    Type.Array(DiagnosticSchema, {
      description: "Slips in the playbook and in what the caller gave; they forbid no start. Not told for a repeat.",
    }),
  ),
});
export type StartJobReply = Static<typeof StartJobReply>;

const reason = Type.Optional(Type.String({ maxLength: 2_000 }));

export const CancelJob = Type.Object({ reason, force: Type.Optional(Type.Boolean()) }, { additionalProperties: false });
export type CancelJob = Static<typeof CancelJob>;

export const PauseJob = Type.Object(
  {
    reason,
    freeze: Type.Optional(
      Type.Boolean({ description: "Also stop the running scripts where they are; their time limits stand still." }),
    ),
  },
  { additionalProperties: false },
);
export type PauseJob = Static<typeof PauseJob>;

export const ResumeJob = Type.Object({}, { additionalProperties: false });
export type ResumeJob = Static<typeof ResumeJob>;

/** `target` is a stage's id or name, a script's key, number or name; one that fits several is refused with candidates. */
export const SkipInJob = Type.Object(
  { target: Type.String({ minLength: 1 }), reason },
  { additionalProperties: false },
);
export type SkipInJob = Static<typeof SkipInJob>;

/**
 * Body of `POST /api/jobs/:id/input`. `text` goes to the script's standard input as it is, without a newline of ours;
 * `eof` then ends the input. Without `script`, the only script of the job that takes input is meant.
 */
export const SendInput = Type.Object(
  {
    script: Type.Optional(Type.String({ minLength: 1 })),
    text: Type.Optional(Type.String()),
    eof: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type SendInput = Static<typeof SendInput>;

/**
 * `from: failed` skips what passed before; `all` runs everything again; a `script` runs that one alone. With `anew` the
 * playbook is read and planned again for what was asked then; without it the old plan counts, unless variables change.
 */
export const RetryJob = Type.Object(
  {
    from: Type.Optional(Type.Union([Type.Literal("failed"), Type.Literal("all")])),
    script: Type.Optional(Type.String({ minLength: 1 })),
    variables: Type.Optional(JsonRecord),
    anew: Type.Optional(
      Type.Boolean({
        description: "Plan it again from the playbook as it is now, for the same workspace and profile.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type RetryJob = Static<typeof RetryJob>;

export const UndoJob = Type.Object({}, { additionalProperties: false });
export type UndoJob = Static<typeof UndoJob>;

/** Body of `POST /api/playbooks/plan`: like a start, but nothing is started. */
export const PlanPlaybook = StartJob;
export type PlanPlaybook = StartJob;

export const ValidatePlaybook = Type.Object(
  {
    playbook: Type.Optional(Type.String({ minLength: 1 })),
    text: Type.Optional(Type.String()),
    file: Type.Optional(Type.String({ description: "What to call `text` in diagnostics." })),
    workspace: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type ValidatePlaybook = Static<typeof ValidatePlaybook>;

export const SelectScripts = Type.Object(
  { expression: Type.String(), workspace: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
export type SelectScripts = Static<typeof SelectScripts>;

export const PruneJobs = Type.Object(
  {
    olderThanMs: Type.Optional(Type.Number({ minimum: 0 })),
    keep: Type.Optional(Type.Integer({ minimum: 0 })),
    dryRun: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type PruneJobs = Static<typeof PruneJobs>;
