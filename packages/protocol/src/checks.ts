import { Type, type Static } from "typebox";

const names = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

/** When a job or a stage counts as a success although something failed, or as a failure although all went on. */
export const PlaybookCriteria = Type.Object(
  {
    requireAllSuccess: Type.Optional(
      Type.Boolean({
        description: "One failure is a failure of the whole, also a tolerated one; else the rest decides.",
      }),
    ),
    minimumSuccessCount: Type.Optional(
      Type.Integer({ minimum: 0, description: "So many scripts must succeed; then failures of others fail nothing." }),
    ),
    minimumSuccessPercent: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100, description: "The same as a part of all that were to run." }),
    ),
    critical: names("Scripts or stages whose failure fails the whole in any case, by number, name, file or id."),
    allowedFailures: names("Scripts or stages whose failure is tolerated and does not count."),
  },
  {
    description:
      "What makes the job, or the stage, a success. Without it: every failure that is not tolerated fails it.",
  },
);
export type PlaybookCriteria = Static<typeof PlaybookCriteria>;

/** The same in a plan. */
export const SuccessCriteria = Type.Object({
  requireAll: Type.Boolean(),
  minimumCount: Type.Union([Type.Integer(), Type.Null()]),
  minimumPercent: Type.Union([Type.Number(), Type.Null()]),
  critical: Type.Array(Type.String()),
  allowed: Type.Array(Type.String()),
});
export type SuccessCriteria = Static<typeof SuccessCriteria>;

/** Something that must hold before anything starts, or when all has succeeded. */
export const PlaybookCheck = Type.Object(
  {
    name: Type.Optional(Type.String({ description: "What people see." })),
    condition: Type.String({
      description:
        "A condition as `if` has it. It may also look at the machine: `Test-Path 'x'`, `Get-Command git`, `$env:X.Length`, `$PSVersionTable.PSVersion.Major`.",
    }),
    message: Type.Optional(Type.String({ description: "What is said when it does not hold." })),
  },
  { description: "A condition that must hold." },
);
export type PlaybookCheck = Static<typeof PlaybookCheck>;
