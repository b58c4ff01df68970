/** The scripts of a job that failed, for its last lines. */
import type { JobDetail, LegView, ScriptView, StageView } from "@aither/protocol";
import { scriptTitle } from "./tree.ts";

type Failed = { readonly title: string; readonly key: string; readonly isTolerated: boolean };

/** What was the job's undoing comes first; the rest is told, and told apart. */
export function failuresOf({ stages }: JobDetail): Failed[] {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const isTolerated = (stage: StageView): boolean => {
    const outer = stage.within === undefined ? undefined : byId.get(stage.within);
    return stage.continueOnError || (outer !== undefined && isTolerated(outer));
  };
  const failed = stages.flatMap((stage) =>
    stage.legs.flatMap((leg) =>
      leg.scripts
        .filter(({ status }) => status === "Failed")
        .map((script) => one({ stage, leg, script, isTolerated: script.continueOnError || isTolerated(stage) })),
    ),
  );
  return [...failed.filter((each) => !each.isTolerated), ...failed.filter((each) => each.isTolerated)];
}

type Place = {
  readonly stage: StageView;
  readonly leg: LegView;
  readonly script: ScriptView;
  readonly isTolerated: boolean;
};

/** `Build [os=linux] › Compile (exit code 2, tolerated)`, `Test › Wait — took longer than 5 s` */
function one({ stage, leg, script, isTolerated }: Place): Failed {
  const { exitCode, key, reason } = script;
  const marks = [...(exitCode === null ? [] : [`exit code ${exitCode}`]), ...(isTolerated ? ["tolerated"] : [])];
  const why = exitCode === null ? reason.replace(/ \(tolerated\)$/, "") : "";
  const name = `${stage.name}${leg.name && ` [${leg.name}]`} › ${scriptTitle(script)}`;
  return { title: `${name}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}${why && ` — ${why}`}`, key, isTolerated };
}
