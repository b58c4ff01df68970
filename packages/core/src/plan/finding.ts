import type { Playbook, ProblemCode } from "@aither/protocol";

/** What is wrong with a playbook for this run. The host turns `part` and `keys` into a place in the file. */
export type PlanFinding = {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly fix: string | null;
  /** Under which code of the catalogue a caller hears of it. */
  readonly problem: ProblemCode;
  /** A part of the model (a stage, a step …) or null for the playbook as a whole. */
  readonly part: object | null;
  /** Keys below that part. */
  readonly keys: readonly (string | number)[];
  /** Of a list of selectors the one that is meant. */
  readonly item?: string;
  /** It forbids a start, but the plan can be looked at. */
  readonly atStart: boolean;
  /** The playbook that has the part; undefined for the one that is compiled. */
  readonly owner?: Playbook;
};

type Extras = Partial<
  Pick<PlanFinding, "severity" | "fix" | "problem" | "part" | "keys" | "item" | "atStart" | "owner">
>;

export function finding(code: string, message: string, extras: Extras = {}): PlanFinding {
  return {
    severity: "error",
    code,
    message,
    fix: null,
    problem: "PLAYBOOK_INVALID",
    part: null,
    keys: [],
    atStart: false,
    ...extras,
  };
}
