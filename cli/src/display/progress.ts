import { failedAlone, type Event, type EventOf, type Failure, type JobDetail, type ScriptPlan } from "@aither/protocol";
import { between, duration } from "./duration.ts";
import { failuresOf } from "./failures.ts";
import { scriptTitle } from "./tree.ts";
import type { Theme } from "./theme.ts";

type StageNote = { name: string; legs: number; scripts: number };
type ScriptNote = { stage: string; place: string; script: ScriptPlan; alone: boolean };

/** Tells a job line by line, for terminals and for logs alike. Fed with every event from the first on. */
export class Story {
  readonly #theme: Theme;
  readonly #stages = new Map<string, StageNote>();
  readonly #scripts = new Map<string, ScriptNote>();
  readonly #startedAt = new Map<string, string>();
  #scriptCount = 0;
  /** Whether the playbook wants what went wrong undone. */
  undoesItself = false;

  constructor(theme: Theme) {
    this.#theme = theme;
  }

  /** What stands in front of a script's output; null when there is but one script. */
  label(key: string): string | null {
    if (this.#scriptCount <= 1) return null;
    const note = this.#scripts.get(key);
    if (note === undefined) return key;
    const title = scriptTitle(note.script);
    return title === note.place || title.endsWith(`] ${note.place}`) ? title : `${note.place} › ${title}`;
  }

  /** The lines that an event is worth, often none. */
  tell(event: Event): string[] {
    switch (event.type) {
      case "OrchestrationQueued":
        this.undoesItself = event.plan.undoOnFailure ?? false;
        for (const stage of event.plan.stages) {
          this.#stages.set(stage.id, { name: stage.name, legs: stage.legs?.length ?? 0, scripts: 0 });
          this.#addLegs(stage.id, stage.legs ?? []);
        }
        return [];
      case "StageExpanded": {
        const stage = this.#stages.get(event.stage);
        if (stage) stage.legs = event.legs.length;
        this.#addLegs(event.stage, event.legs);
        return [];
      }
      case "OrchestrationPaused":
        return [this.#theme.warn("‖ paused: no new script starts · aither resume")];
      case "OrchestrationResumed":
        return [this.#theme.dim("resumed")];
      case "OrchestrationCancelRequested":
        return [this.#theme.warn(`cancelling${event.reason === undefined ? "" : `: ${event.reason}`}`)];
      case "OrchestrationRecovered":
        return [this.#theme.dim("the daemon was restarted; scripts went on meanwhile")];
      case "StageStarted":
      case "StageCompleted":
      case "StageFailed":
      case "StageSkipped":
      case "StageCancelled":
        return this.#stage(event);
      case "ScriptStarted":
        this.#startedAt.set(event.script, event.time);
        return [];
      case "ScriptCompleted":
      case "ScriptFailed":
      case "ScriptSkipped":
      case "ScriptCancelled":
      case "ScriptRetried":
        return this.#script(event);
      default:
        // Readers skip what says nothing to them.
        return [];
    }
  }

  /** The last lines: how it ended, what failed, and what to type next. */
  summary(job: JobDetail): string[] {
    const { counts } = job;
    const parts = [
      [counts.completed, "passed"],
      [counts.failed, "failed"],
      [counts.skipped, "skipped"],
      [counts.cancelled, "cancelled"],
    ] as const;
    const told = parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(", ");
    const took = between(job.startedAt, job.endedAt, Date.now());
    const lines = [
      `${this.#theme.sign(job.status)} ${this.#theme.bold(`#${job.number} ${job.playbook}`)} ${job.status.toLowerCase()}${took && ` in ${took}`}${told && ` · ${told}`}`,
    ];
    for (const { on, channel, message } of job.notifications ?? []) {
      if (channel === "log" && on !== "start") lines.push(`  ${message}`);
    }
    if (job.status !== "Failed") return lines;
    if (job.reason !== "") lines.push(this.#theme.dim(`  ${job.reason}`));
    for (const { title, key } of failuresOf(job)) {
      lines.push(`  ${title}`, this.#theme.dim(`    aither logs ${job.number} --script '${key}'`));
    }
    for (const { name, reason, continueOnError } of failedAlone(job)) {
      lines.push(`  ${name} — ${reason || "failed"}${continueOnError ? " (tolerated)" : ""}`);
    }
    lines.push(this.#theme.dim(`  again, without what passed: aither retry ${job.number} -f`));
    return lines;
  }

  #addLegs(stage: string, legs: readonly { readonly name: string; readonly scripts: readonly ScriptPlan[] }[]): void {
    const note = this.#stages.get(stage);
    for (const leg of legs) {
      const place = `${note?.name ?? stage}${leg.name && ` [${leg.name}]`}`;
      for (const script of leg.scripts) {
        this.#scripts.set(script.key, { stage, place, script, alone: leg.scripts.length === 1 });
        this.#scriptCount++;
        if (note) note.scripts++;
      }
    }
  }

  #stage(
    event: EventOf<"StageStarted" | "StageCompleted" | "StageFailed" | "StageSkipped" | "StageCancelled">,
  ): string[] {
    const note = this.#stages.get(event.stage) ?? { name: event.stage, legs: 1, scripts: 1 };
    const key = `${event.stage}\n${event.leg ?? ""}`;
    const status = event.type.slice("Stage".length);
    // A stage without a matrix has one leg without a name: it is told once.
    if (event.leg === "") return [];
    const name = event.leg === undefined ? note.name : `  [${event.leg}]`;
    if (event.type === "StageStarted") {
      this.#startedAt.set(key, event.time);
      const legs = note.legs > 1 && event.leg === undefined ? this.#theme.dim(` (${note.legs} legs)`) : "";
      return [`${indent(event.leg)}${this.#theme.sign("Running")} ${name.trim()}${legs}`];
    }
    const reason =
      "reason" in event && event.reason !== undefined && event.reason !== ""
        ? this.#theme.dim(` — ${event.reason}`)
        : "";
    return [`${indent(event.leg)}${this.#theme.sign(status)} ${name.trim()}${this.#took(key, event.time)}${reason}`];
  }

  #script(
    event: EventOf<"ScriptCompleted" | "ScriptFailed" | "ScriptSkipped" | "ScriptCancelled" | "ScriptRetried">,
  ): string[] {
    const note = this.#scripts.get(event.script);
    const title = note === undefined ? event.script : scriptTitle(note.script);
    const took = this.#took(event.script, event.time);
    if (event.type === "ScriptRetried") {
      const waitMs = Math.max(0, event.retryAtMs - Date.parse(event.time));
      return [
        `  ${this.#theme.warn("↻")} ${title}${took} — ${failureText(event.failure)}; tried again in ${duration(waitMs)}`,
      ];
    }
    const status = event.type.slice("Script".length);
    if (event.type === "ScriptFailed") {
      const tolerated = event.tolerated ? " (tolerated)" : "";
      return [`  ${this.#theme.sign(status)} ${title}${took} — ${failureText(event.failure)}${tolerated}`];
    }
    if (event.type === "ScriptCompleted" && event.cache?.is === "hit") {
      const from = event.cache.from === undefined ? "" : `, from job #${event.cache.from.number}`;
      return [`  ${this.#theme.sign(status)} ${title}${this.#theme.dim(` — cached${from}`)}`];
    }
    // A stage's only script: the stage's own line says it.
    if (note?.alone) return [];
    const reason = "reason" in event && event.reason !== undefined ? this.#theme.dim(` — ${event.reason}`) : "";
    return [`  ${this.#theme.sign(status)} ${title}${took}${reason}`];
  }

  #took(key: string, endedAt: string): string {
    const took = between(this.#startedAt.get(key) ?? null, endedAt, 0);
    return took && this.#theme.dim(` (${took})`);
  }
}

function indent(leg: string | undefined): string {
  return leg === undefined ? "" : "  ";
}

export function failureText(failure: Failure): string {
  switch (failure.kind) {
    case "exit":
      return `exit code ${failure.code}`;
    case "signal":
      return `ended by ${failure.signal}`;
    case "timeout":
      return failure.silent === true
        ? `wrote nothing for ${duration(failure.afterMs)}`
        : `timed out after ${duration(failure.afterMs)}`;
    case "spawn":
      return `could not be started: ${failure.message}`;
    case "interrupted":
      return `vanished: ${failure.evidence}`;
    case "condition":
      return `its condition is wrong: ${failure.message}`;
    case "output-limit":
      return `wrote more than ${failure.bytes} bytes`;
    case "executor":
      return failure.message;
    default:
      return failure satisfies never;
  }
}
