/**
 * A job as its reports tell it: all texts are masked before any format sees them, so that no format can undo it by
 * escaping or by taking colours away. Output is read when it is asked for: a report of a large job is written piece by
 * piece.
 */
import {
  conclusionOfJob,
  detail,
  hasEnded,
  legResults,
  legsOf,
  scriptEnded,
  stagesOf,
  theScript,
  type JobState,
  type LegResult,
  type ScriptRecord,
} from "@aither/core";
import {
  failedAlone,
  VERSION,
  type ArtifactView,
  type JobDetail,
  type LegView,
  type NoticeView,
  type ScriptView,
  type StageView,
} from "@aither/protocol";
import type { Store } from "../host.ts";
import { type Annotation, annotationIn } from "./annotations.ts";
import { visible } from "./ansi.ts";
import { excerpt } from "./excerpt.ts";

export type ReportSource = {
  readonly store: Pick<Store, "output" | "secrets" | "summaries" | "artifacts">;
  readonly notices?: (state: JobState) => Promise<readonly NoticeView[]>;
};

export type ReportScript = {
  readonly view: ScriptView;
  /** Its real name, for reading; never to be shown. */
  readonly key: string;
  readonly hasStderr: boolean;
  readonly isOver: boolean;
  /** Its failure changes nothing for the job. */
  readonly isTolerated: boolean;
};

export type ReportLeg = { readonly view: LegView; readonly scripts: readonly ReportScript[] };
export type ReportStage = {
  readonly view: StageView;
  readonly legs: readonly ReportLeg[];
  /** It failed although nothing that it ran did. */
  readonly isFailedAlone: boolean;
};

export type AttemptLog = {
  readonly script: ReportScript;
  readonly attempt: number;
  readonly stream: "out" | "err";
  readonly lines: readonly string[];
};

/** `reason`: where the stage failed by itself. */
export type ReportResult = Omit<LegResult, "scripts" | "stage"> & {
  readonly keys: readonly string[];
  readonly reason: string | null;
};

export type Report = {
  readonly job: JobDetail;
  readonly stages: readonly ReportStage[];
  /** In GitHub's words; names and values masked. `keys` are the scripts' real names. */
  readonly results: readonly ReportResult[];
  readonly conclusion: ReturnType<typeof conclusionOfJob>;
  readonly hasEnded: boolean;
  /** The job failed, and no stage or script that counts did: by criteria of the playbook's own, or a time limit. */
  readonly isFailedAlone: boolean;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly madeBy: string;
  readonly scripts: ReadonlyMap<string, ReportScript>;
  /** How many attempts have a log, for whoever divides a budget among them. */
  readonly attempts: number;
  /** What a script wrote, attempt by attempt, each within so many bytes. */
  readonly logs: (script: ReportScript, bytesMax: number) => AsyncIterable<AttemptLog>;
  /** What its lines call errors, warnings and notices; masked once more, for what was escaped in them is not any more. */
  readonly annotationsIn: (lines: readonly string[]) => Annotation[];
  /** What it added to the summary: of its last attempt. */
  readonly summaryOf: (script: ReportScript) => Promise<string>;
};

export async function reportOf(source: ReportSource, state: JobState, now = new Date()): Promise<Report> {
  const masker = await source.store.secrets.of(state.id);
  const artifacts = await source.store.artifacts.list(state.id);
  const notices = (await source.notices?.(state)) ?? [];
  const whole = withMore(detail(state), artifacts, notices);
  const job = masker?.document(whole) ?? whole;
  const mask = (text: string): string => masker?.text(text) ?? text;
  const stages = stagesIn(state, job);
  const all = stages.flatMap(({ legs }) => legs.flatMap(({ scripts }) => scripts));
  return {
    job,
    stages,
    results: legResults(state).map(({ scripts, stage, ...told }) => ({
      name: mask(told.name),
      reason: stages.find(({ view, isFailedAlone }) => isFailedAlone && view.id === stage)?.view.reason ?? null,
      result: told.result,
      steps: told.steps.map((step) => ({ ...step, id: mask(step.id) })),
      outputs: masker === null ? told.outputs : masker.document({ outputs: told.outputs }).outputs,
      keys: scripts,
    })),
    conclusion: conclusionOfJob(state),
    hasEnded: hasEnded(state),
    isFailedAlone:
      job.status === "Failed" &&
      !all.some(({ view, isTolerated }) => view.status === "Failed" && !isTolerated) &&
      !stages.some(({ view, isFailedAlone }) => isFailedAlone && !view.continueOnError),
    madeAt: now.toISOString(),
    madeBy: VERSION,
    scripts: new Map(all.map((script) => [script.key, script])),
    attempts: all.reduce((sum, { view }) => sum + view.attempts.length, 0),
    logs: async function* logs(script, bytesMax) {
      for (const { attempt, endedAt } of script.view.attempts) {
        for (const stream of script.hasStderr ? (["out", "err"] as const) : (["out"] as const)) {
          const ref = { jobId: state.id, script: script.key, attempt, stream };
          const isOver = script.isOver || endedAt !== null;
          yield { script, attempt, stream, lines: await excerpt(source, { ref, bytesMax, isOver }) };
        }
      }
    },
    annotationsIn: (lines) =>
      lines.flatMap((line) => {
        const found = annotationIn(line);
        if (found === null || masker === null) return found ?? [];
        const { message, file, title } = found;
        return {
          ...found,
          message: mask(message),
          file: file === null ? null : mask(file),
          title: title === null ? null : mask(title),
        };
      }),
    async summaryOf({ key, view }) {
      const last = view.attempts.at(-1);
      if (last === undefined) return "";
      const text = await source.store.summaries.read({ jobId: state.id, script: key, attempt: last.attempt });
      // Masked with its escape sequences, and again without them.
      return text === "" ? "" : mask(mask(text).split("\n").map(visible).join("\n"));
    },
  };
}

function withMore(job: JobDetail, artifacts: readonly ArtifactView[], notifications: readonly NoticeView[]): JobDetail {
  return {
    ...job,
    ...(artifacts.length > 0 && { artifacts: [...artifacts] }),
    ...(notifications.length > 0 && { notifications: [...notifications] }),
  };
}

/** The masked view of each script beside the record it was made of. */
function stagesIn(state: JobState, job: JobDetail): ReportStage[] {
  const alone = new Set(failedAlone(job));
  return [...stagesOf(state)].map((stage, at) => {
    const view = job.stages[at]!;
    const legs = [...legsOf(stage)].map((leg, place) => {
      const seen = view.legs[place]!;
      const scripts = leg.scripts.map((key, index) =>
        scriptOf(theScript(state, key), {
          view: seen.scripts[index]!,
          isStageTolerated: stage.plan.continueOnError || stage.status === "Completed" || state.status === "Completed",
        }),
      );
      return { view: seen, scripts };
    });
    return { view, legs, isFailedAlone: alone.has(view) };
  });
}

function scriptOf(
  { plan, state }: ScriptRecord,
  { view, isStageTolerated }: { view: ScriptView; isStageTolerated: boolean },
): ReportScript {
  return {
    view,
    key: plan.key,
    hasStderr: plan.separateStderr,
    isOver: scriptEnded(state),
    isTolerated: state.is === "failed" && (state.tolerated || isStageTolerated),
  };
}
