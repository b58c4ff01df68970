/** All checkers, and the question they answer together. */
import type { Checker, History, Violation } from "../lib/history.ts";
import { lookingNeverWrites, nothingLeftBehind, noStrayedSignals, oneDaemon, recoveryIsIdempotent } from "./machine.ts";
import { ackedNeverForgotten, cancelledMeansIt, everyJobEnds, journalsAreWhole } from "./promises.ts";
import { atMostOneStart, codesAreTrue, everyScriptRuns, logsAreWhole, stagesInOrder } from "./scripts.ts";

export const checkers: readonly Checker[] = [
  ackedNeverForgotten,
  everyJobEnds,
  atMostOneStart,
  everyScriptRuns,
  codesAreTrue,
  logsAreWhole,
  journalsAreWhole,
  stagesInOrder,
  cancelledMeansIt,
  nothingLeftBehind,
  noStrayedSignals,
  oneDaemon,
  recoveryIsIdempotent,
  lookingNeverWrites,
];

export function violationsOf(history: History): Violation[] {
  return checkers.flatMap(({ name, find }) => [...find(history)].map((message) => ({ checker: name, message })));
}
