import { Type, type TSchema } from "typebox";
import { Playbook, PlaybookReport, PlaybookStage, PlaybookStep } from "./playbook.ts";

/**
 * A playbook as people write it: what editors are given (`schemas/playbook.json`). It is the model, and the shorter forms
 * that are read into it: a selector for a step, a path for a report, a name for a group.
 */

const described = ({ description }: TSchema & { readonly description?: string }): { description?: string } =>
  description === undefined ? {} : { description };
const oneOf = (written: TSchema, ...others: readonly TSchema[]): TSchema =>
  Type.Optional(Type.Union([...others, written], described(written)));

/** YAML takes `0402` and `1.0` for numbers. */
const Word = Type.Union([Type.String(), Type.Number({ minimum: 0 })]);
const selector = (written: TSchema): TSchema => oneOf(written, Word, Type.Array(Word));
const condition = (written: TSchema): TSchema => oneOf(written, Type.Boolean());

const step = PlaybookStep.properties;
const Step = Type.Object(
  { ...step, run: selector(step.run), if: condition(step.if) },
  {
    ...described(PlaybookStep),
    anyOf: (["run", "script", "file", "uses"] as const).map((key) => ({ required: [key] })),
  },
);

const stage = PlaybookStage.properties;
const Stage = Type.Object(
  {
    ...stage,
    if: condition(stage.if),
    run: Type.Optional(
      Type.Union([Word, Type.Array(Word)], { description: "Numbered scripts, in place of `steps` (a selector)." }),
    ),
    steps: Type.Optional(Type.Array(Type.Union([Step, Word]), described(stage.steps))),
  },
  described(PlaybookStage),
);

const { metadata, requirements, orchestration } = Playbook.properties;
const around = orchestration.properties;

export const PlaybookFile = Type.Object(
  {
    ...Playbook.properties,
    metadata: Type.Optional(
      Type.Object(
        {
          ...metadata.properties,
          name: Type.Optional(metadata.properties.name),
          version: oneOf(metadata.properties.version, Type.Number()),
        },
        described(metadata),
      ),
    ),
    requirements: Type.Optional(
      Type.Object(
        {
          ...requirements.properties,
          minimumPowerShellVersion: oneOf(requirements.properties.minimumPowerShellVersion, Type.Number()),
        },
        described(requirements),
      ),
    ),
    orchestration: Type.Object(
      {
        ...around,
        concurrency: oneOf(around.concurrency, Type.String({ minLength: 1 })),
        reports: Type.Optional(
          Type.Array(Type.Union([Type.String({ minLength: 1 }), PlaybookReport]), described(around.reports)),
        ),
        jobs: Type.Record(Type.String(), Stage, described(around.jobs)),
      },
      described(orchestration),
    ),
  },
  { title: "Playbook", description: "A playbook in format v3." },
);
