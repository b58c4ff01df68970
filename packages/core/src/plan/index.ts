export { planAgain } from "./again.ts";
export { compile, type Compiled, type CompileInput } from "./compile.ts";
export type { CalledPlaybook, CalledPlaybooks, PlanRequest } from "./compiler.ts";
export { calledNames } from "./call.ts";
export type { WrittenStage } from "./whole.ts";
export { finding, type PlanFinding } from "./finding.ts";
export { nearest } from "./graph.ts";
export { expansionNeeds } from "./expand.ts";
export { expandMatrix, type MatrixLeg, type MatrixResult } from "./matrix.ts";
export type { Surroundings } from "./scope.ts";
export { indexScripts, type ScriptIndex, select, type Selection } from "./select.ts";
export { resolveRun, type ResolvedRun } from "./template.ts";
export { nameOfCheck } from "./checks.ts";
export {
  decideCheck,
  foreignResult,
  filledText,
  type CheckContext,
  type CheckValue,
  type Found,
  type Look,
  type Probe,
} from "./probes.ts";
export { CHECKER, COLLECTOR, runOfEntry } from "./run-spec.ts";
export { undoable, undoPlan, type UndoResult } from "./undo.ts";
