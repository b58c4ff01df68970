import { Type, type Static, type TSchema } from "typebox";
import { PlaybookArtifactList, PlaybookNotification, PlaybookUndoStep, PlaybookWhen } from "./around.ts";
import { PlaybookCheck, PlaybookCriteria } from "./checks.ts";
import { Json, JsonRecord } from "./json.ts";
import { OnInterrupted } from "./plan.ts";

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const text = (description: string) => Type.Optional(Type.String({ description }));
const Template = Type.String({ description: "A template: `{{name}}` or `${{ expression }}`." });
const flag = (description: string) => Type.Optional(Type.Union([Type.Boolean(), Template], { description }));
const flagOrCount = (description: string) =>
  Type.Optional(Type.Union([Type.Boolean(), Type.Integer({ minimum: 0 }), Template], { description }));
const count = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Template], { description }));
const seconds = (description: string) =>
  Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Template], { description }));
const exitCodes = (description: string) => Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { description }));
const successCodes = exitCodes("Exit codes that are a success, beside 0 and 3010 (restart required).");
const retryCodes = exitCodes(
  "Only a failure with one of these exit codes gets another attempt. A time-out is 124, a signal 128 and its number. Default: all.",
);
const silence = "Seconds without output after which an attempt is stopped as timed out. Time frozen does not count.";
const PlainValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
const environment = (description: string) => Type.Optional(Type.Record(Type.String(), PlainValue, { description }));
const described = (description: string) => ({ ...Json, description });
const variables = (description: string) => Type.Optional({ ...JsonRecord, description });

const logLimit = Type.Optional(
  Type.Union(
    [
      Type.String(),
      Type.Integer({ minimum: 0 }),
      Type.Object({
        head: Type.Optional(
          Type.Union([Type.String(), Type.Integer({ minimum: 0 })], { description: "Kept of its beginning (1 MiB)." }),
        ),
        tail: Type.Union([Type.String(), Type.Integer({ minimum: 0 })], { description: "Kept of its end." }),
      }),
    ],
    {
      description:
        "How much disk a log may take: `50MB`, or `{head, tail}`: what is kept of its beginning and its end; `none` keeps all.",
    },
  ),
);

export const PlaybookBackoff = Type.Object(
  {
    initial: optional(Type.Number({ minimum: 0, description: "Seconds before the first retry (1)." })),
    factor: optional(Type.Number({ minimum: 1, description: "Each wait is so many times the one before (2)." })),
    max: optional(Type.Number({ minimum: 0, description: "Never wait longer (60 seconds)." })),
  },
  { description: "How long to wait between attempts." },
);
export type PlaybookBackoff = Static<typeof PlaybookBackoff>;

const cacheMap = Type.Object(
  {
    inputs: optional(
      Type.Array(Type.String(), { description: "Globs of the files it reads; `!glob` takes some out again." }),
    ),
    outputs: optional(Type.Array(Type.String(), { description: "Globs of the files it makes; they are restored." })),
    env: optional(Type.Array(Type.String(), { description: "Names of environment variables it reads." })),
    key: text("Any text that stands for what else it depends on."),
  },
  { description: "What it depends on beside its text, its variables and its interpreter, and what it makes." },
);
export const PlaybookCache = Type.Unsafe<Static<typeof cacheMap>>(
  Type.Union([Type.Boolean(), cacheMap], {
    description:
      "With --use-cache it is not run again while nothing of this changed. `true`: it reads and makes no file.",
  }),
);
export type PlaybookCache = Static<typeof PlaybookCache>;

const terminalSize = Type.Object({
  columns: optional(Type.Integer({ minimum: 1, maximum: 9_999, description: "How wide it is (80)." })),
  rows: optional(Type.Integer({ minimum: 1, maximum: 9_999, description: "How high it is (24)." })),
});
export const PlaybookTerminal = Type.Unsafe<Static<typeof terminalSize> | boolean>(
  Type.Union([Type.Boolean(), terminalSize], {
    description: "It runs in a pseudo-terminal, of this size.",
  }),
);
export type PlaybookTerminal = Static<typeof PlaybookTerminal>;

/** A step on paper; a script (or several, when `run` selects several) in a plan. */
export const PlaybookStep = Type.Object(
  {
    id: text("Name by which conditions and templates speak of this step."),
    name: text("What people see."),
    description: text("What it is for."),
    run: text("Numbered scripts: `0402`, `0400-0499`, `tag:unit` (a selector)."),
    script: text("Inline text, run by `shell`."),
    file: text("A script file, relative to the workspace."),
    uses: text("`playbook:NAME`, or an action."),
    with: variables("Variables of this step; they win over all others."),
    env: environment("Environment of this step."),
    workingDirectory: text("Where it runs, relative to the workspace."),
    shell: text("bash, sh, pwsh, python or node: who runs `script`."),
    if: text("A condition; the step runs when it holds."),
    timeout: seconds("Seconds one attempt may take."),
    retries: count("How many more attempts a failure gets."),
    backoff: optional(PlaybookBackoff),
    continueOnError: flag("A failure of this step does not fail the stage."),
    noOutputTimeout: seconds(silence),
    successExitCodes: successCodes,
    retryExitCodes: retryCodes,
    idempotent: optional(Type.Boolean({ description: "It may safely be run twice." })),
    onInterrupted: optional({
      ...OnInterrupted,
      description:
        "What happens when it was cut off without a trace (a reboot): `resume` runs it again, `fail` fails it, `ask` waits for a person.",
    }),
    logLimit,
    separateStderr: optional(
      Type.Boolean({ description: "Standard error is kept in a file of its own; order between the two is lost." }),
    ),
    stdin: optional(Type.Boolean({ description: "It reads from its standard input what `aither jobs send` says." })),
    pty: optional(PlaybookTerminal),
    outputs: optional(described("Names of what it tells later ones, in the file that AITHER_OUTPUT names.")),
    cache: optional(PlaybookCache),
    artifacts: optional(PlaybookArtifactList),
    undo: optional(PlaybookUndoStep),
  },
  { description: "One thing a stage runs." },
);
export type PlaybookStep = Static<typeof PlaybookStep>;

/** A step that follows the work; its failure does not fail the job unless it says `continueOnError: false`. */
export const PlaybookAction = Type.Object(
  { ...PlaybookStep.properties, when: optional(PlaybookWhen) },
  { description: "A step that follows the work. Without `when`: after success and failure, not after a cancel." },
);
export type PlaybookAction = Static<typeof PlaybookAction>;

const hook = (description: string) =>
  optional(Type.Unsafe<PlaybookStep[]>(Type.Union([Type.String(), Type.Array(PlaybookStep)], { description })));
const stageHooks = {
  before: hook("Before the first step; a failure fails it."),
  after: hook("Behind the last step, whatever came of it."),
  onSuccess: hook("Behind the last step when all went well."),
  onFailure: hook("Behind the last step when something failed."),
  onCancel: hook("Behind the last step when it was cancelled."),
};
export const PlaybookStageHooks = Type.Object(stageHooks, {
  description: "Steps around the stage's own, in each leg.",
});
export type PlaybookStageHooks = Static<typeof PlaybookStageHooks>;
export const PlaybookHooks = Type.Object(
  {
    ...stageHooks,
    beforeStage: hook("Before the first step of each stage, in each leg."),
    afterStage: hook("Behind the last step of each stage, in each leg, whatever came of it."),
  },
  { description: "Steps around the stages." },
);
export type PlaybookHooks = Static<typeof PlaybookHooks>;

/** A job on paper; a stage in a plan. */
export const PlaybookStage = Type.Object(
  {
    name: text("What people see."),
    description: text("What it is for."),
    needs: optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description: "Ids of the stages that must have succeeded before.",
      }),
    ),
    after: optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description:
          "Ids of the stages that must have ended before. Their failure skips this one as with `needs`; that they were skipped does not.",
      }),
    ),
    if: text("A condition; the stage runs when it holds."),
    matrix: optional(
      Type.Union([JsonRecord, Template], {
        description: "Vectors by name, `include` and `exclude`, as in GitHub workflows.",
      }),
    ),
    failFast: flag("The first failed leg cancels the others (default: true)."),
    maxParallel: count("How many legs at once."),
    parallel: flagOrCount("Run the steps side by side, or so many of them at once."),
    maxConcurrency: count("How many steps at once when they run side by side."),
    env: environment("Environment of all steps."),
    variables: variables("Variables of all steps; they win over the caller's."),
    workingDirectory: text("Where its steps run, relative to the workspace."),
    shell: text("Who runs inline scripts."),
    timeout: seconds("Seconds the whole stage may take."),
    noOutputTimeout: seconds(silence),
    retries: count("How many more attempts each step gets."),
    backoff: optional(PlaybookBackoff),
    successExitCodes: successCodes,
    retryExitCodes: retryCodes,
    logLimit,
    continueOnError: flag("A failure of this stage does not fail the job."),
    outputs: optional(
      Type.Record(Type.String(), Type.String(), {
        description: "What later stages read as `needs.<id>.outputs.<name>`; templates over this stage's steps.",
      }),
    ),
    successCriteria: optional(PlaybookCriteria),
    artifacts: optional(PlaybookArtifactList),
    hooks: optional(PlaybookStageHooks),
    uses: text("`playbook:NAME`: the stages of that playbook run in place of steps."),
    with: variables("What the called playbook is given: its inputs and variables."),
    steps: Type.Array(PlaybookStep, { description: "What it runs, in written order." }),
  },
  { description: "A stage: a node of the graph." },
);
export type PlaybookStage = Static<typeof PlaybookStage>;

export const PlaybookInput = Type.Object(
  {
    type: text("string, number, integer, boolean, choice (with `enum`), list or object."),
    description: text("Shown where the value is asked for."),
    default: optional(described("Its value where the caller gives none.")),
    required: optional(Type.Boolean({ description: "Without a value nothing is started." })),
    enum: optional(Type.Array(Json, { description: "The values that are allowed." })),
    example: optional(described("A value to show where it is asked for.")),
    secret: optional(
      Type.Boolean({
        description:
          "Scripts get it as the environment variable of this name, given with `--secret NAME`; its value is in no plan and masked in all that is shown.",
      }),
    ),
  },
  { description: "A typed parameter of the playbook." },
);
export type PlaybookInput = Static<typeof PlaybookInput>;

export const PlaybookProfile = Type.Object(
  {
    description: text("What it is for."),
    variables: variables("They win over the playbook's defaults."),
    overrides: variables("Variables that win over `variables`."),
    stages: optional(Type.Array(Type.String(), { description: "Only these stages run (ids or names)." })),
    excludeStages: optional(Type.Array(Type.String(), { description: "These stages do not run." })),
    env: environment("Environment of all steps."),
    maxConcurrency: count("How many stages at once."),
  },
  { description: "A named way to run the playbook." },
);
export type PlaybookProfile = Static<typeof PlaybookProfile>;

/** A file that is written when the job has ended. */
export const PlaybookReport = Type.Object(
  {
    path: Type.String({ minLength: 1, description: "In the workspace; may hold templates." }),
    format: optional(
      Type.Union([Type.Literal("md"), Type.Literal("json"), Type.Literal("junit"), Type.Literal("html")], {
        description: "Without it, what the path ends with says it: .md, .json, .xml or .html.",
      }),
    ),
  },
  { description: "A report of the job." },
);
export type PlaybookReport = Static<typeof PlaybookReport>;

/** The one model that every format is read into, and that `convert` writes. Unknown keys are kept and reported. */
export const Playbook = Type.Object(
  {
    $schema: text("For editors: where this schema is."),
    apiVersion: optional(Type.String({ description: "`aither/v1`" })),
    metadata: Type.Object(
      {
        name: Type.String({ minLength: 1, description: "What the playbook is called." }),
        description: text("One line."),
        version: text("Its version."),
        category: text("Where lists put it."),
        tags: optional(Type.Array(Type.String(), { description: "Words to find it by." })),
        author: text("Who wrote it."),
      },
      { description: "What lists show." },
    ),
    requirements: optional(
      Type.Object(
        {
          platforms: optional(Type.Array(Type.String(), { description: "Linux, macOS, Windows, CrossPlatform." })),
          requiredTools: optional(
            Type.Array(Type.String(), {
              description: "Programs that must be on PATH, with a least version where it matters: `git>=2.30`.",
            }),
          ),
          environment: optional(Type.Array(Type.String(), { description: "Environment variables that must be set." })),
          minimumPowerShellVersion: text("The least version of pwsh, where there is one: `7.2`."),
          elevated: optional(Type.Boolean({ description: "It must be started by an administrator (root)." })),
          diskSpace: text("Free space where the workspace is: `15GB`."),
          memory: text("Memory of the machine: `4GB`."),
          scripts: optional(Type.Array(Type.String(), { description: "Numbered scripts that must be there." })),
          gitRepository: optional(Type.Boolean({ description: "The workspace must be in a Git repository." })),
          cleanWorkingTree: optional(Type.Boolean({ description: "Nothing may be uncommitted there." })),
        },
        { description: "What must be there; checked before anything starts." },
      ),
    ),
    inputs: optional(
      Type.Record(Type.String(), PlaybookInput, {
        description: "What a start may or must give, by name: `--var name=value`.",
      }),
    ),
    secrets: optional(
      Type.Array(Type.String(), {
        description:
          "Environment variables of the job whose values are masked in all that is shown: output, documents, notices.",
      }),
    ),
    orchestration: Type.Object(
      {
        order: optional(
          Type.Union([Type.Literal("written"), Type.Literal("needs")], {
            description:
              "`written`: stages without `needs` run one after another as written; `needs` (default): only `needs` orders them.",
          }),
        ),
        undefinedVariables: optional(
          Type.Union([Type.Literal("error"), Type.Literal("empty")], {
            description:
              "What `{{x}}` means when nothing gives x: `error` (default) refuses the start, `empty` is empty text, as in older formats.",
          }),
        ),
        defaults: optional(
          Type.Object(
            {
              continueOnError: flag("For all stages."),
              timeout: seconds("Seconds for one attempt of a step."),
              noOutputTimeout: seconds(silence),
              retries: count("For all steps."),
              backoff: optional(PlaybookBackoff),
              successExitCodes: successCodes,
              retryExitCodes: retryCodes,
              logLimit,
              shell: text("For inline scripts."),
              profile: text("The profile that is used when none is named."),
            },
            { description: "What stages and steps do that do not say otherwise." },
          ),
        ),
        env: environment("Environment of all steps."),
        variables: variables("Default values."),
        profiles: optional(
          Type.Record(Type.String(), PlaybookProfile, { description: "Ways to run it, by name: `--profile name`." }),
        ),
        maxConcurrency: count("How many stages at once."),
        concurrency: optional(
          Type.Object(
            {
              group: Type.String({ minLength: 1, description: "The group's name; may hold templates." }),
              cancelInProgress: optional(
                Type.Boolean({ description: "A newer job of the group cancels the older ones (default: it waits)." }),
              ),
            },
            { description: "One job of this group at a time, whatever playbook it comes from." },
          ),
        ),
        outputs: optional(
          Type.Record(Type.String(), Type.String(), {
            description: "What a stage that calls this playbook tells; templates over `jobs.<id>.outputs.<name>`.",
          }),
        ),
        failFast: flag("The first failed stage stops those that run beside it."),
        timeout: seconds("Seconds the whole job may take."),
        artifacts: optional(PlaybookArtifactList),
        hooks: optional(PlaybookHooks),
        postActions: optional(
          Type.Array(PlaybookAction, { description: "What runs when the stages are over, in written order." }),
        ),
        notifications: optional(Type.Array(PlaybookNotification, { description: "Who is told of what." })),
        summary: optional(
          Type.Boolean({
            description: "Write `summary.md` into the job's folder when it has ended, as `--summary` does.",
          }),
        ),
        reports: optional(
          Type.Array(PlaybookReport, { description: "Reports that are written into the workspace when it has ended." }),
        ),
        preConditions: optional(
          Type.Array(PlaybookCheck, { description: "What must hold before anything starts; else nothing does." }),
        ),
        postConditions: optional(
          Type.Array(PlaybookCheck, {
            description: "What must hold when the stages have succeeded; else the job fails.",
          }),
        ),
        successCriteria: optional(PlaybookCriteria),
        undoOnFailure: optional(
          Type.Boolean({ description: "When the job failed or was cancelled, undo what its completed steps did." }),
        ),
        jobs: Type.Record(Type.String(), PlaybookStage, {
          description: "The stages, by id, in written order.",
        }),
      },
      { description: "What runs, in which order, with which values." },
    ),
  },
  { title: "Playbook", description: "A playbook in format v3." },
);
export type Playbook = Static<typeof Playbook>;
