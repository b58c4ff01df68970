/**
 * Branded identifiers. They are plain strings on the wire and on disk; the brands stop a stage id
 * from being passed where a script key is meant. Parsing and building them is core's business.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]?: Name };

/** A random UUID, lower case. */
export type JobId = Branded<"JobId">;
/** The id of a stage inside one plan: unique, `[A-Za-z0-9_.-]+`, ≤ 100 bytes. */
export type StageId = Branded<"StageId">;
/** The name of a leg, as shown to people: `os=linux, node=20`; the empty string for a stage without a matrix. */
export type LegName = Branded<"LegName">;
/** `stage/script`, or `stage[leg-index]/script` in a matrix; unique in a plan, and safe as a file name once encoded. */
export type ScriptKey = Branded<"ScriptKey">;

/** One try of one script of one job. `attempt` counts from 1. */
export type AttemptRef = {
  readonly jobId: JobId;
  readonly script: ScriptKey;
  readonly attempt: number;
};
