import type { Outcome } from "@aither/engine";
import type {
  Body,
  Diagnostic,
  Json,
  Plan,
  PlanView,
  PlaybookFormat,
  PlaybookSummary,
  Reply,
  ScriptEntry,
} from "@aither/protocol";

/** What `validate` answers: the API adds `apiVersion`. Findings are values; a playbook that does not exist is one, too. */
export type Validation = Omit<Reply<"validatePlaybook">, "apiVersion">;

/** A playbook as its owner wrote it, and as the v3 model. */
export type ShownPlaybook = {
  readonly name: string;
  readonly format: PlaybookFormat;
  readonly path: string;
  readonly text: string;
  readonly playbook: Json;
};

/** A plan to look at, and what would forbid its start, a line each; not what it lists itself (scripts that are missing). */
export type Preview = Plan & { readonly obstacles: readonly string[] };

/** A plan that may start, and what is odd about its playbook or about what the caller gave. */
export type Startable = { readonly plan: Plan; readonly warnings: readonly Diagnostic[] };

/** What a selector means; numbers, in the order in which they would run. */
export type SelectedScripts = {
  readonly scripts: string[];
  readonly missing: string[];
  readonly unknown: string[];
};

/**
 * From a request to a frozen plan: finds the playbook, reads it in whatever format it is written, resolves scripts,
 * variables, profiles and conditions, and finds every interpreter on the PATH of the request. Reads files; starts nothing.
 */
export interface Planner {
  /**
   * For a start. `request.workspace` is absolute. Expected trouble (unknown playbook, bad file, missing script or
   * interpreter, a condition nobody can decide …) is a problem.
   */
  plan(request: Body<"startJob">): Promise<Outcome<Plan>>;
  /** The same, with its warnings. */
  planWithWarnings(request: Body<"startJob">): Promise<Outcome<Startable>>;
  /** To look at: as `plan`, but what only forbids a start (missing scripts, undecided conditions …) is in the plan. */
  preview(request: Body<"startJob">): Promise<Outcome<Preview>>;
  /** The plan as people and tools read it. */
  planView(plan: Plan, obstacles: readonly string[]): PlanView;
  validate(request: Body<"validatePlaybook">): Promise<Validation>;
  listPlaybooks(workspace: string): Promise<PlaybookSummary[]>;
  showPlaybook(name: string, workspace: string): Promise<Outcome<ShownPlaybook>>;
  listScripts(workspace: string): Promise<ScriptEntry[]>;
  showScript(name: string, workspace: string): Promise<Outcome<{ script: ScriptEntry; text: string }>>;
  selectScripts(expression: string, workspace: string): Promise<Outcome<SelectedScripts>>;
}

export type PlannerOptions = {
  /** The user's own playbooks, looked up after the workspace's; default: `playbooks` in the user's config directory. */
  readonly userPlaybooks?: string;
};
