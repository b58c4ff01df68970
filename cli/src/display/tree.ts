import type {
  JobDetail,
  LegView,
  PlanView,
  ScriptView,
  StageView,
  StoppingView,
  SuccessCriteria,
} from "@aither/protocol";
import { between } from "./duration.ts";
import type { Theme } from "./theme.ts";

/** A job as a tree of stages, legs and scripts. */
export function jobTree(job: JobDetail, options: { readonly theme: Theme; readonly nowMs: number }): string[] {
  const { theme, nowMs } = options;
  const took = between(job.startedAt, job.endedAt, nowMs);
  const title = job.name && job.name !== job.playbook ? `${job.playbook} (${job.name})` : job.playbook;
  const head = [theme.bold(`#${job.number} ${title}`), theme.status(job.status), took && theme.dim(took)];
  const why = job.reason === "" ? [] : [theme.dim(`  ${job.reason}`)];
  return [
    head.filter(Boolean).join("  "),
    ...why,
    ...job.stages.flatMap((stage) => {
      const indent = "  ".repeat(depthOf(stage, job.stages));
      return stageLines(stage, options).map((line) => indent + line);
    }),
    ...toldLines(job, theme),
    ...reportLines(job, theme),
    ...keptLines(job, theme),
  ];
}

/** How many stages a stage is within. */
function depthOf({ within }: StageView, stages: readonly StageView[]): number {
  const group = within === undefined ? undefined : stages.find(({ id }) => id === within);
  return group === undefined ? 0 : 1 + depthOf(group, stages);
}

function toldLines({ notifications = [] }: JobDetail, theme: Theme): string[] {
  const signs = { delivered: "Completed", failed: "Failed", pending: "Queued" } as const;
  const lines = notifications.map(({ on, channel, to, message, status, detail }) => {
    const what = channel === "log" ? message : `${channel}${to === "" ? "" : ` ${to}`}`;
    return `  ${theme.sign(signs[status])} ${on}: ${what}${channel === "log" ? "" : theme.dim(detail && ` — ${detail}`)}`;
  });
  return lines.length === 0 ? [] : [theme.bold("Told"), ...lines];
}

function reportLines({ reports = [] }: JobDetail, theme: Theme): string[] {
  const signs = { written: "Completed", failed: "Failed", pending: "Queued" } as const;
  const lines = reports.map(({ path, status, detail }) => {
    const why = status === "failed" ? theme.dim(` — could not be written: ${detail}`) : "";
    return `  ${theme.sign(signs[status])} ${path}${why}`;
  });
  return lines.length === 0 ? [] : [theme.bold("Reports"), ...lines];
}

/** More are a list of their own. */
const KEPT_SHOWN_MAX = 10;

function keptLines({ artifacts = [], number }: JobDetail, theme: Theme): string[] {
  if (artifacts.length === 0) return [];
  const more = artifacts.length - KEPT_SHOWN_MAX;
  return [
    theme.bold("Keeps"),
    ...artifacts.slice(0, KEPT_SHOWN_MAX).map(({ name, bytes }) => `  ${name} ${theme.dim(`(${bytes} bytes)`)}`),
    ...(more > 0 ? [theme.dim(`  … and ${more} more: aither jobs artifacts ${number}`)] : []),
  ];
}

function stageLines(stage: StageView, options: { theme: Theme; nowMs: number }): string[] {
  const { theme, nowMs } = options;
  const head = titled(theme, stage.status, stage.name, between(stage.startedAt, stage.endedAt, nowMs), stage.reason);
  if (stage.legs.length === 1 && stage.legs[0]?.name === "") {
    return [head, ...scriptLines(stage.legs[0].scripts, "  ", options)];
  }
  return [head, ...stage.legs.flatMap((leg) => legLines(leg, options))];
}

function legLines(leg: LegView, options: { theme: Theme; nowMs: number }): string[] {
  const starts = leg.scripts.flatMap((script) => script.startedAt ?? []).toSorted();
  const ends = leg.scripts.flatMap((script) => script.endedAt ?? []).toSorted();
  const over = leg.status !== "Running" && leg.status !== "Pending";
  const took = between(starts[0] ?? null, over ? (ends.at(-1) ?? null) : null, options.nowMs);
  const head = `  ${titled(options.theme, leg.status, `[${leg.name}]`, took, "")}`;
  const interesting = leg.scripts.filter((script) => leg.scripts.length > 1 || script.status === "Failed");
  return [head, ...scriptLines(interesting, "    ", options)];
}

function scriptLines(
  scripts: readonly ScriptView[],
  indent: string,
  options: { theme: Theme; nowMs: number },
): string[] {
  const { theme, nowMs } = options;
  return scripts.map((script, index) => {
    const branch = theme.dim(`${indent}${index === scripts.length - 1 ? "└─" : "├─"} `);
    const tries = script.attempts.length > 1 ? `, attempt ${script.attempts.length}` : "";
    const code = script.status === "Failed" && script.exitCode !== null ? `exit code ${script.exitCode}` : "";
    const { stopping } = script;
    const how = stopping === undefined ? script.reason : stoppingText(stopping, nowMs);
    const reason = [code, how].filter(Boolean).join(": ");
    const took = between(script.startedAt, script.endedAt, nowMs);
    return branch + titled(theme, script.status, scriptTitle(script), took && took + tries, reason);
  });
}

/** A script may have hundreds; the first few are enough to look for. */
const PIDS_SHOWN_MAX = 8;

/** `was sent TERM, more comes in 9 s; 2 processes are alive: 123, 124` */
export function stoppingText({ signal, nextAt, pids }: StoppingView, nowMs: number): string {
  const seconds = nextAt === null ? 0 : Math.max(0, Math.ceil((Date.parse(nextAt) - nowMs) / 1_000));
  const next = nextAt === null ? "" : `, more comes in ${seconds} s`;
  const alive = pids.length === 1 ? "1 process is alive" : `${pids.length} processes are alive`;
  const more = pids.length > PIDS_SHOWN_MAX ? ` and ${pids.length - PIDS_SHOWN_MAX} more` : "";
  const shown = `${pids.slice(0, PIDS_SHOWN_MAX).join(", ")}${more}`;
  return `was sent ${signal}${next}${pids.length === 0 ? "" : `; ${alive}: ${shown}`}`;
}

/** `[0402] Run-UnitTests`, or the name alone. */
export function scriptTitle({ number, name }: { readonly number: string | null; readonly name: string }): string {
  if (number === null) return name;
  const rest = name.replace(/^\d{4}[_-]/, "");
  return rest === number || rest === "" ? `[${number}]` : `[${number}] ${rest}`;
}

function titled(theme: Theme, status: string, name: string, took: string, reason: string): string {
  const time = took && theme.dim(` (${took})`);
  return `${theme.sign(status)} ${name}${time}${reason && theme.dim(` — ${reason}`)}`;
}

/** `[matrix ${{ … }}: known after discover]` */
export function laterText({ matrix, needs }: NonNullable<PlanView["stages"][number]["dynamic"]>): string {
  return `[matrix ${matrix}: known after ${needs.join(", ")}]`;
}

/** What would run. */
export function planTree(plan: PlanView, theme: Theme): string[] {
  const profile = plan.profile === null ? "" : `, profile ${plan.profile}`;
  const lines = [`${theme.bold(plan.name)} ${theme.dim(`(${plan.format}${profile})`)}`];
  const decisions = { run: "Completed", skip: "Skipped", undecided: "Pending" } as const;
  const addStage = (stage: PlanView["stages"][number], number: string, indent: string): void => {
    const needs = stage.needs.length > 0 ? theme.dim(` needs ${stage.needs.join(", ")}`) : "";
    const reason = stage.reason === "" ? "" : theme.dim(` — ${stage.reason}`);
    lines.push(`${indent}${theme.sign(decisions[stage.decision])} ${number}. ${stage.name}${needs}${reason}`);
    if (stage.successCriteria) lines.push(`${indent}   ${theme.dim(successText(stage.successCriteria))}`);
    if (stage.dynamic !== undefined) {
      lines.push(`${indent}   ${laterText(stage.dynamic)}`);
      for (const script of stage.dynamic.scripts) lines.push(`${indent}     ${scriptTitle(script)}`);
    }
    for (const leg of stage.legs) {
      if (leg.name !== "") lines.push(`${indent}   [${leg.name}]`);
      for (const script of leg.scripts) {
        const undo = script.undo === undefined ? "" : theme.dim(`  (undone by: ${script.undo})`);
        lines.push(`${indent}   ${leg.name === "" ? "" : "  "}${scriptTitle(script)}${undo}`);
      }
    }
    const parts = plan.called.filter(({ within }) => within === stage.id);
    parts.forEach((part, index) => addStage(part, `${number}.${index + 1}`, `${indent}   `));
  };
  plan.stages.forEach((stage, index) => addStage(stage, String(index + 1), ""));
  for (const stage of plan.around) {
    const sign = stage.decision === "skip" ? theme.sign(decisions.skip) : theme.dim("+");
    const reason = stage.decision === "skip" ? theme.dim(` — ${stage.reason}`) : "";
    lines.push(`${sign} ${stage.name} ${theme.dim(`(${stage.role}, ${momentOf(stage)})`)}${reason}`);
    for (const script of stage.legs.flatMap(({ scripts }) => scripts)) lines.push(`   ${scriptTitle(script)}`);
  }
  if (plan.successCriteria) lines.push(`${theme.dim("+")} ${successText(plan.successCriteria)}`);
  if (plan.undoOnFailure) lines.push(`${theme.dim("+")} undone when it fails or is cancelled`);
  for (const { on, channel, to, message } of plan.notifications)
    lines.push(`${theme.dim("+")} on ${on.join(", ")}: ${[channel, to, theme.dim(message)].filter(Boolean).join(" ")}`);
  for (const one of plan.missing) lines.push(`${theme.warn("missing")}: ${one}`);
  for (const one of plan.unknown) lines.push(`${theme.warn("unknown")}: ${one}`);
  for (const one of plan.obstacles) lines.push(`${theme.warn("forbids the start")}: ${one}`);
  for (const { what, where, reason } of plan.notEnforced)
    lines.push(`${theme.warn("not enforced")}: ${where}: ${what} — ${reason}`);
  return lines;
}

/** When what surrounds the stages has its turn. Only what waits for nothing comes before them. */
function momentOf({ after, condition }: PlanView["around"][number]): string {
  if (after.length === 0) return "before the stages";
  return condition === null ? "behind the stages" : `behind the stages, when ${condition}`;
}

function successText(criteria: SuccessCriteria): string {
  return `a success when ${criteriaText(criteria)}`;
}

function criteriaText({ requireAll, minimumCount, minimumPercent, critical, allowed }: SuccessCriteria): string {
  const parts = [
    requireAll && "all succeed",
    minimumCount !== null && `${minimumCount} succeed`,
    minimumPercent !== null && `${minimumPercent} % succeed`,
    critical.length > 0 && `${critical.join(", ")} ${critical.length === 1 ? "does" : "do"} not fail`,
  ].filter((part) => part !== false);
  const may = allowed.length > 0 ? ` (${allowed.join(", ")} may fail)` : "";
  return `${parts.length === 0 ? "it has run" : parts.join(", and ")}${may}`;
}
