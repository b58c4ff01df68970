/** The summary, for people and for whatever shows Markdown: `summary.md`, and `report --format md`. */
import type { StageView } from "@aither/protocol";
import { annotatedIn } from "./annotated.ts";
import { visible } from "./ansi.ts";
import type { Report, ReportLeg, ReportScript, ReportStage } from "./report.ts";
import {
  countsText,
  durationText,
  jobTitle,
  noteOf,
  scriptTitle,
  shareOf,
  sizeText,
  timeText,
  tookMs,
  tookText,
} from "./words.ts";

const ROWS_MAX = 500;
const FAILED_MAX = 50;
const ANNOTATIONS_MAX = 200;
/** Last lines of a script that failed. */
const LINES_MAX = 30;
const OUTPUT = { total: 1024 * 1024, most: 32 * 1024, least: 4 * 1024 };
/** What all scripts added. */
const ADDED_LENGTH_MAX = 1024 * 1024;

const signs: Readonly<Record<string, string>> = {
  Completed: "✓",
  Failed: "✗",
  Cancelled: "⊘",
  Skipped: "–",
  Running: "⟳",
  Cancelling: "⟳",
  Paused: "‖",
};

export async function* markdown(report: Report): AsyncGenerator<string, void, undefined> {
  const { job } = report;
  yield `# ${signs[job.status] ?? "◯"} ${text(jobTitle(job))} #${job.number}: ${job.status.toLowerCase()}\n\n`;
  if (!report.hasEnded) yield `**The job has not ended.** This is how far it was at ${timeText(report.madeAt)}.\n\n`;
  if (job.reason !== "") yield `${prose(job.reason)}\n\n`;
  yield facts(report);
  yield stageTable(report);
  yield scriptTable(report);
  const alone = report.stages.filter(({ isFailedAlone }) => isFailedAlone).map(({ view }) => view);
  const failed = everyScript(report).filter(({ script }) => script.view.status === "Failed");
  yield* failures(report, {
    title: "What failed",
    alone: alone.filter(({ continueOnError }) => !continueOnError),
    failed: failed.filter(({ script }) => !script.isTolerated),
  });
  yield* failures(report, {
    title: "Failed, and tolerated",
    alone: alone.filter(({ continueOnError }) => continueOnError),
    failed: failed.filter(({ script }) => script.isTolerated),
  });
  yield await notes(report);
  yield* added(report);
  yield kept(report);
  yield `---\n\nMade by aither ${report.madeBy} at ${timeText(report.madeAt)} · job \`${job.jobId}\`\n`;
}

function facts({ job, madeAt }: Report): string {
  const rows: (readonly [string, string])[] = [
    ["Playbook", text(job.playbook)],
    ["File", text(job.file ?? "")],
    ["Profile", text(job.profile ?? "")],
    ["Status", `${signs[job.status] ?? "◯"} ${job.status}`],
    ["Started", timeText(job.startedAt)],
    ["Ended", timeText(job.endedAt)],
    ["Duration", tookText(job, madeAt)],
    ["Scripts", countsText(job)],
    ["Workspace", text(job.workspace)],
    ["Restart", job.restartRequired ? "the machine must be restarted" : ""],
  ];
  const told = rows.filter(([, value]) => value !== "").map(([name, value]) => `| ${name} | ${value} |`);
  return `| | |\n|---|---|\n${told.join("\n")}\n\n`;
}

function stageTable({ stages, madeAt }: Report): string {
  if (stages.length === 0) return "";
  const rows = stages.map(({ view, legs }) => {
    const scripts = legs.reduce((sum, leg) => sum + leg.scripts.length, 0);
    const done = legs.flatMap((leg) => leg.scripts).filter((script) => script.view.status === "Completed").length;
    const size = `${done}/${scripts}${legs.length > 1 ? ` in ${legs.length} legs` : ""}`;
    return row(signed(view.status), text(view.name), tookText(view, madeAt), size, prose(view.reason));
  });
  return `## Stages\n\n${heading("Status", "Stage", "Duration", "Scripts", "Why")}${rows.join("")}\n`;
}

function scriptTable(report: Report): string {
  const all = everyScript(report);
  if (all.length === 0) return "";
  // Of a large job those that need a look are shown first.
  const shown =
    all.length <= ROWS_MAX
      ? all
      : all
          .filter(({ script }) => script.view.status !== "Completed" && script.view.status !== "Skipped")
          .slice(0, ROWS_MAX);
  const rows = shown.map(({ stage, leg, script }) =>
    row(
      signed(script.view.status),
      text(placeOf(stage, leg)),
      text(scriptTitle(script.view)),
      tookText(script.view, report.madeAt),
      script.view.exitCode === null ? "" : String(script.view.exitCode),
      prose(noteOf(script)),
    ),
  );
  const left = all.length - shown.length;
  const more = left === 0 ? "" : `\n${left} more scripts are left out of this table.\n`;
  const head = heading("Status", "Stage", "Script", "Duration", "Exit code", "Note");
  return `## Scripts\n\n${shown.length === 0 ? "" : head}${rows.join("")}${more}\n`;
}

type Failures = {
  readonly title: string;
  /** Stages that failed although nothing they ran did. */
  readonly alone: readonly StageView[];
  readonly failed: readonly Placed[];
};

async function* failures(report: Report, { title, alone, failed }: Failures): AsyncGenerator<string, void, undefined> {
  if (failed.length + alone.length === 0) return;
  yield `## ${title}\n\n`;
  for (const { name, reason } of alone.slice(0, FAILED_MAX)) {
    yield `### ${text(name)}\n\n${prose(reason || "failed")}\n\n`;
  }
  const bytes = shareOf(OUTPUT, failed.length);
  for (const { stage, leg, script } of failed.slice(0, FAILED_MAX)) {
    yield `### ${text(scriptTitle(script.view))}\n\n${text(placeOf(stage, leg))}: ${prose(noteOf(script) || "failed")}`;
    const ms = tookMs(script.view, report.madeAt);
    yield `${ms === null ? "" : `, after ${durationText(ms)}`}\n\n`;
    const last = script.view.attempts.at(-1)?.attempt;
    for await (const { attempt, lines } of report.logs(script, bytes)) {
      if (attempt === last && lines.length > 0) yield fenced(lines.slice(-LINES_MAX).map(visible));
    }
    yield `\`aither logs ${report.job.number} --script ${quoted(script.view.key)}\`\n\n`;
  }
  const left = Math.max(0, failed.length - FAILED_MAX) + Math.max(0, alone.length - FAILED_MAX);
  if (left > 0) yield `${left} more failed.\n\n`;
}

/** What scripts called errors, warnings and notices. */
async function notes(report: Report): Promise<string> {
  const { found, left } = await annotatedIn(report, ANNOTATIONS_MAX);
  if (found.length === 0) return "";
  const rows = found.map(({ level, title, message, place, script, at: [stageAt, legAt] }) => {
    const stage = report.stages[stageAt]!;
    const from = `${text(placeOf(stage, stage.legs[legAt]!))} › ${text(scriptTitle(script.view))}`;
    return row(level, text([title, message].filter((part) => part !== "").join(": ")), text(place), from);
  });
  const more = left === 0 ? "" : `\n${left} more are left out of this table.\n`;
  return `## Warnings and errors\n\n${heading("Level", "What", "Where", "Script")}${rows.join("")}${more}\n`;
}

/** What scripts appended to `AITHER_SUMMARY`. What one leaves open is closed behind it. */
async function* added(report: Report): AsyncGenerator<string, void, undefined> {
  let left = ADDED_LENGTH_MAX;
  let isFirst = true;
  for (const { stage, leg, script } of everyScript(report)) {
    const summary = await report.summaryOf(script);
    if (summary.trim() === "") continue;
    if (isFirst) yield "## From the scripts\n\n";
    isFirst = false;
    if (summary.length > left) {
      yield `What more scripts added is left out: together it is over ${sizeText(ADDED_LENGTH_MAX)}.\n\n`;
      return;
    }
    left -= summary.length;
    yield `### ${text(placeOf(stage, leg))} › ${text(scriptTitle(script.view))}\n\n${closed(summary)}\n\n`;
  }
}

function kept({ job: { artifacts = [], number } }: Report): string {
  if (artifacts.length === 0) return "";
  const rows = artifacts.slice(0, ROWS_MAX).map(({ name, bytes }) => row(text(name), sizeText(bytes)));
  const more = artifacts.length > ROWS_MAX ? `\n${artifacts.length - ROWS_MAX} more: aither artifacts ${number}\n` : "";
  return `## Artifacts\n\n${heading("Name", "Size")}${rows.join("")}${more}\n`;
}

type Placed = { readonly stage: ReportStage; readonly leg: ReportLeg; readonly script: ReportScript };

function everyScript({ stages }: Report): Placed[] {
  return stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts.map((script) => ({ stage, leg, script }))));
}

function placeOf({ view }: ReportStage, leg: ReportLeg): string {
  return leg.view.name === "" ? view.name : `${view.name} [${leg.view.name}]`;
}

function signed(status: string): string {
  return `${signs[status] ?? "◯"} ${status}`;
}

function heading(...titles: readonly string[]): string {
  return `${row(...titles)}|${titles.map(() => "---|").join("")}\n`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}

/** A text that is nothing but text: one line, in which no mark means anything. */
export function text(value: string): string {
  return visible(value.replaceAll(/[\r\n\u2028\u2029]+/g, " "))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*[\]|~>]/g, String.raw`\$&`)
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, String.raw`\_`)
    .replace(/^(\s*)([#+-])/, String.raw`$1\$2`)
    .replace(/^(\s*\d+)([.)])/, String.raw`$1\$2`)
    .replaceAll(/\b(https?):\/\//gi, "$1:&#47;&#47;")
    .replaceAll(/\bwww\./gi, "www&#46;")
    .replaceAll("@", "&#64;");
}

/** A sentence of ours: a plain name in it, which we put between backticks, is code. Any other is text like the rest. */
function prose(sentence: string): string {
  const parts = sentence.split(/((?<!`)`[\p{L}\p{N} .,=#+[\]_-]+`(?!`))/u);
  return parts.map((part, at) => (at % 2 === 1 ? part : text(part))).join("");
}

/** In single quotes for a shell, and without a mark that would end the code it stands in. */
function quoted(key: string): string {
  return `'${visible(key.replaceAll(/[\r\n]+/g, " "))
    .replaceAll("`", "?")
    .replaceAll("'", String.raw`'\''`)}'`;
}

/** The fence is longer than any in the text. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${lines.join("\n")}\n${fence}\n\n`;
}

function closed(summary: string): string {
  let open: string | null = null;
  for (const line of summary.split("\n")) {
    const [, fence] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === undefined) continue;
    if (open === null) open = fence;
    else if (fence.startsWith(open) && /^\s*[`~]+\s*$/.test(line)) open = null;
  }
  const comment = summary.lastIndexOf("<!--") > summary.lastIndexOf("-->") ? "\n-->" : "";
  return `${summary.trimEnd()}${open === null ? "" : `\n${open}`}${comment}`;
}
