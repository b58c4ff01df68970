export { compile, type Compiled, type CompileInput } from "./compile.ts";
export type { PlanRequest } from "./compiler.ts";
export type { PlanFinding } from "./finding.ts";
export { nearest } from "./graph.ts";
export { expandMatrix, type MatrixLeg, type MatrixResult } from "./matrix.ts";
export type { Surroundings } from "./scope.ts";
export { indexScripts, type ScriptIndex, select, type Selection } from "./select.ts";
export { resolveRun, type ResolvedRun } from "./template.ts";
export { COLLECTOR } from "./run-spec.ts";
