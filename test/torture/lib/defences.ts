/** What keeps each promise, a scenario in which it is needed, and how it would look without it. */
import type { Patch } from "../../rig/bundle.ts";
import { askedToEnd } from "../scenarios/asked-to-end.ts";
import { deafForever } from "../scenarios/deaf-forever.ts";
import { intentFirst } from "../scenarios/intent-first.ts";
import { lateWrapper } from "../scenarios/late-wrapper.ts";
import { lostClaim } from "../scenarios/lost-claim.ts";
import { noEscape } from "../scenarios/no-escape.ts";
import { outputSurvives } from "../scenarios/output-survives.ts";
import { powerCut } from "../scenarios/power-cut.ts";
import { reusedPid } from "../scenarios/reused-pid.ts";
import { twiceAsked } from "../scenarios/twice-asked.ts";
import { undisturbedSignals } from "../scenarios/undisturbed-signals.ts";
import type { Violation } from "./history.ts";

/** Violations, or why this machine cannot play it. */
export type Scenario = (patches: readonly Patch[]) => Promise<readonly Violation[] | { readonly skipped: string }>;

export type Defence = {
  readonly name: string;
  readonly scenario: Scenario;
  /** Takes the defence out of the daemon. */
  readonly without: readonly Patch[];
  /** The checker that must say so. */
  readonly caughtBy: string;
};

const spawner = "packages/supervise/src/spawner.ts";
const wrapper = "packages/supervise/src/wrapper.ts";

export const defences: readonly Defence[] = [
  {
    name: "an attempt that has no claim is fenced",
    scenario: lateWrapper,
    caughtBy: "I2 at-most-one-start",
    without: [
      {
        file: "packages/supervise/src/claim.ts",
        find: `await symlink(formatClaim({ kind: "fenced", daemonId }), files.claim);\n    return`,
        replace: "return",
      },
    ],
  },
  {
    name: "a claim that a power cut took away is not taken for none",
    scenario: lostClaim,
    caughtBy: "I2 at-most-one-start",
    without: [
      {
        file: "packages/engine/src/reconcile.ts",
        find: "scheduledIn: effect.bootId,",
        replace: "scheduledIn: null,",
      },
    ],
  },
  {
    name: "the intent is on disk before anything starts",
    scenario: intentFirst,
    caughtBy: "I5 journals-are-whole",
    without: [
      {
        file: "packages/engine/src/reactor.ts",
        find: "const drafts = turn.drafts();",
        replace:
          "const drafts = turn.drafts(); this.#commit(turn, drafts, answers); await new Promise((go) => setTimeout(go, 1_000)); if (drafts.length >= 0) return;",
      },
    ],
  },
  {
    name: "what is told of is synced before",
    scenario: powerCut,
    caughtBy: "I1 acked-never-forgotten",
    without: [
      {
        file: "packages/supervise/src/durable-fs.ts",
        find: "await synced(path, () => file.datasync());",
        replace: "await Promise.resolve();",
      },
    ],
  },
  {
    name: "a new name is synced in its folder",
    scenario: powerCut,
    caughtBy: "I1 acked-never-forgotten",
    without: [
      {
        file: "packages/supervise/src/durable-fs.ts",
        find: "const syncDir = async (path: string): Promise<void> => synced(path, () => raw.syncDir(path));",
        replace: "const syncDir = async (_path: string): Promise<void> => undefined;",
      },
    ],
  },
  {
    name: "nothing is started in a shell's background",
    scenario: undisturbedSignals,
    caughtBy: "signals",
    without: [
      {
        file: spawner,
        find: `exec \${quote(setsid)} -f \${quote(shell)}`,
        replace: `exec \${quote(setsid)} \${quote(shell)}`,
      },
      { file: spawner, find: ` || echo "failed \${token}"\\n`, replace: " &\\n" },
    ],
  },
  {
    name: "a process is its pid and its start time",
    scenario: reusedPid,
    caughtBy: "I9 no-strayed-signals",
    without: [
      {
        file: "packages/supervise/src/identity.ts",
        find: "return startTimeOf(ref.pid, options) === ref.startTime;",
        replace: "return startTimeOf(ref.pid, options) !== undefined;",
      },
    ],
  },
  {
    name: "output goes from the script into its file, through nobody",
    scenario: outputSurvives,
    caughtBy: "I3 codes-are-true",
    without: [
      {
        file: spawner,
        find: `if (this.#setsid === undefined) forkHere();`,
        replace: "forkHere(); if (token !== undefined) return result;",
      },
      {
        file: spawner,
        find: `stdio: ["ignore", log, err, "ignore", "pipe"],`,
        replace: `stdio: ["ignore", "pipe", "pipe", "ignore", "pipe"],`,
      },
      {
        file: spawner,
        find: `child.on("error", failed);\n      const claims`,
        replace: `child.on("error", failed);\n      const put = (bytes: unknown) => { process.getBuiltinModule("node:fs").appendFileSync(spec.files.log, bytes as string); };\n      child.stdout?.on("data", put); child.stderr?.on("data", put);\n      const claims`,
      },
    ],
  },
  {
    name: "a request that was answered once is known for ever",
    scenario: twiceAsked,
    caughtBy: "I1 acked-never-forgotten",
    without: [
      {
        file: "daemon/src/store/listing.ts",
        find: "return (await this.#options.index.byRequest(requestId)) ?? null;",
        replace: "return null;",
      },
    ],
  },
  {
    name: "the wrapper outlives the signal that ends its script",
    scenario: askedToEnd,
    caughtBy: "I3 codes-are-true",
    without: [
      {
        file: wrapper,
        find: "export const WRAPPER_TEXT = `trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM",
        replace: "export const WRAPPER_TEXT = `:",
      },
    ],
  },
  {
    name: "the moment of the kill is a fact, not a countdown of each daemon",
    scenario: deafForever,
    caughtBy: "cancel-ends",
    without: [
      {
        file: "packages/core/src/job/stop.ts",
        find: "!deadlinePassed(state.killAt, now)",
        replace: "process.uptime() < 60",
      },
    ],
  },
  {
    name: "no child gets away from its attempt's control group",
    scenario: noEscape,
    caughtBy: "I8 nothing-left-behind",
    without: [
      {
        file: wrapper,
        find: `[ "$_aw_cg" = - ] || echo 0 > "$_aw_cg/cgroup.procs"`,
        replace: ":",
      },
    ],
  },
];
