import { Type, type Static } from "typebox";
import { JsonRecord } from "./json.ts";

const text = (description: string) => Type.Optional(Type.String({ description }));

/** When something that follows the work has its turn. */
export const PlaybookWhen = Type.Union(
  [Type.Literal("always"), Type.Literal("success"), Type.Literal("failure"), Type.Literal("cancelled")],
  { description: "`always` (also after a cancel), `success`, `failure` or `cancelled`." },
);
export type PlaybookWhen = Static<typeof PlaybookWhen>;

const ArtifactSet = Type.Object(
  {
    name: text("The folder they are kept in; default: the step's or stage's id."),
    paths: Type.Array(Type.String(), {
      description: "Files, folders and globs (`**` too), relative to the workspace; `!glob` leaves out.",
    }),
    when: Type.Optional(PlaybookWhen),
    required: Type.Optional(
      Type.Boolean({ description: "Each of `paths` must match something, or the stage fails (default: a warning)." }),
    ),
  },
  { description: "Files to keep." },
);

/** Files that are kept with the job: copied into its folder when the step, the stage or the job is over. */
export type PlaybookArtifacts = Static<typeof ArtifactSet>;
const oneOrMany = Type.Union([Type.String(), ArtifactSet]);
export const PlaybookArtifactList = Type.Unsafe<PlaybookArtifacts[]>(
  Type.Union([oneOrMany, Type.Array(oneOrMany)], {
    description: "Files to keep with the job: a path or glob, a map of `paths`, `name`, `when`, `required`, or a list.",
  }),
);

const UndoStep = Type.Object(
  {
    name: text("What people see."),
    script: text("Inline text, run by `shell`."),
    run: text("A numbered script."),
    file: text("A script file, relative to the workspace."),
    shell: text("bash, sh, pwsh, python or node: who runs `script`."),
    with: Type.Optional({ ...JsonRecord, description: "Variables of the undo; the step's own count, too." }),
    timeout: Type.Optional(Type.Number({ minimum: 0, description: "Seconds one attempt may take." })),
  },
  { description: "How to take back what a step did." },
);
/** How to take back what a step did. On paper a text is short for `script`. */
export type PlaybookUndo = Static<typeof UndoStep>;
export const PlaybookUndoStep = Type.Unsafe<PlaybookUndo>(
  Type.Union([Type.String({ description: "Inline text, run by the step's `shell`." }), UndoStep], {
    description: "How to take back what this step did: `aither jobs undo` and `undoOnFailure` run it.",
  }),
);

/** What somebody may want to be told of. `complete` is any end, `wait` a job that waits for a person. */
export const NoticeEvent = Type.Union([
  Type.Literal("start"),
  Type.Literal("wait"),
  Type.Literal("success"),
  Type.Literal("failure"),
  Type.Literal("cancel"),
  Type.Literal("complete"),
]);
export type NoticeEvent = Static<typeof NoticeEvent>;

export const PlaybookNotification = Type.Object(
  {
    on: Type.Unsafe<NoticeEvent[]>(
      Type.Union([NoticeEvent, Type.Array(NoticeEvent)], {
        description: "`success`, `failure`, `cancel`, `complete` (any end), `start`, `wait` (it waits for a person).",
      }),
    ),
    message: text("What is said; `{status}`, `{reason}`, `{failedStage}`, `{number}`, `{name}` are filled in."),
    webhook: text("An address that gets a POST of JSON; `$NAME` is read from the job's environment when it is sent."),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "Headers of the POST; `$NAME` is read from the job's environment when it is sent.",
      }),
    ),
    command: text("A command line for `sh`, run in the workspace; the notice is JSON on its standard input."),
    desktop: Type.Optional(Type.Boolean({ description: "Shown on the desktop of the daemon's user." })),
    log: Type.Optional(Type.Boolean({ description: "Said to who follows the job, and kept with it." })),
  },
  { description: "Who is told of what." },
);
export type PlaybookNotification = Static<typeof PlaybookNotification>;
