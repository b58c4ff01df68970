/**
 * JUnit's XML, as CI tools read it: a suite for each leg, a case for each script. A stage, or the whole job, that failed
 * although nothing it ran did is a case, too: a job that failed is never green.
 */
import type { AttemptView, StageView } from "@aither/protocol";
import { visible } from "./ansi.ts";
import { attribute, escaped } from "./escape.ts";
import type { Report, ReportLeg, ReportScript, ReportStage } from "./report.ts";
import { noteOf, scriptTitle, shareOf, tookMs } from "./words.ts";

/** Bytes of output: of the whole document, of one attempt. */
const OUTPUT = { total: 16 * 1024 * 1024, most: 128 * 1024, least: 2 * 1024 };

type Verdict = "passed" | "failure" | "error" | "skipped";

export async function* junit(report: Report): AsyncGenerator<string, void, undefined> {
  const { job, stages, madeAt } = report;
  const title = `${job.playbook} #${job.number}`;
  const alone = [
    ...stages.filter(({ isFailedAlone }) => isFailedAlone).map(({ view }) => view),
    ...(report.isFailedAlone ? [{ ...job, continueOnError: false }] : []),
  ];
  const all = [
    ...alone.map(verdictAlone),
    ...stages.flatMap(({ legs }) => legs.flatMap(({ scripts }) => scripts.map(verdictOf))),
  ];
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${attribute(title)}" ${totals(all)}`;
  yield ` time="${seconds(tookMs(job, madeAt))}"${stamp(job.startedAt)}>\n`;
  for (const stage of stages) {
    if (stage.isFailedAlone) yield suiteAlone(report, stage.view);
    for (const leg of stage.legs) yield* suite(report, stage, leg);
  }
  if (report.isFailedAlone) yield suiteAlone(report, { ...job, name: title, continueOnError: false });
  yield "</testsuites>\n";
}

type Alone = Pick<StageView, "name" | "reason" | "continueOnError" | "startedAt" | "endedAt">;

function suiteAlone(report: Report, view: Alone): string {
  const time = `time="${seconds(tookMs(view, report.madeAt))}"`;
  const message = attribute(view.reason === "" ? "failed" : view.reason);
  const element = view.continueOnError
    ? `<skipped message="failed: ${message} (tolerated)"/>`
    : `<error message="${message}" type="failed">${escaped(view.reason)}</error>`;
  return [
    `  <testsuite name="${attribute(view.name)}" ${totals([verdictAlone(view)])} ${time}${stamp(view.startedAt)}>`,
    `    <testcase name="${attribute(view.name)}" classname="${attribute(report.job.playbook)}" ${time}>`,
    `      ${element}`,
    "    </testcase>",
    "  </testsuite>\n",
  ].join("\n");
}

function verdictAlone({ continueOnError }: Pick<Alone, "continueOnError">): Verdict {
  return continueOnError ? "skipped" : "error";
}

async function* suite(
  report: Report,
  stage: ReportStage,
  { view, scripts }: ReportLeg,
): AsyncGenerator<string, void, undefined> {
  const name = view.name === "" ? stage.view.name : `${stage.view.name} [${view.name}]`;
  const starts = scripts.flatMap((script) => script.view.startedAt ?? []).toSorted();
  const ends = scripts.flatMap((script) => script.view.endedAt ?? []).toSorted();
  const span = { startedAt: starts[0] ?? null, endedAt: ends.at(-1) ?? null };
  yield `  <testsuite name="${attribute(name)}" ${totals(scripts.map(verdictOf))} time="${seconds(tookMs(span, report.madeAt))}"${stamp(span.startedAt)}>\n`;
  yield properties(report, view);
  const names = new Set<string>();
  for (const script of scripts) yield* testCase(report, { script, suiteName: name, names });
  yield "  </testsuite>\n";
}

function properties({ job, hasEnded }: Report, { status, matrix }: ReportLeg["view"]): string {
  const told: [string, string][] = [
    ["aither.job", String(job.number)],
    ["aither.status", hasEnded ? status : `${status} (the job has not ended)`],
    ...Object.entries(matrix).map(([key, value]): [string, string] => [`matrix.${key}`, plain(value)]),
  ];
  const lines = told.map(
    ([name, value]) => `      <property name="${attribute(name)}" value="${attribute(value)}"/>\n`,
  );
  return `    <properties>\n${lines.join("")}    </properties>\n`;
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Case = { readonly script: ReportScript; readonly suiteName: string; readonly names: Set<string> };

async function* testCase(report: Report, { script, suiteName, names }: Case): AsyncGenerator<string, void, undefined> {
  const { view } = script;
  const title = scriptTitle(view);
  let name = title;
  for (let count = 2; names.has(name); count += 1) name = `${title} #${count}`;
  names.add(name);
  const time = seconds(tookMs(view, report.madeAt));
  yield `    <testcase name="${attribute(name)}" classname="${attribute(`${report.job.playbook}.${suiteName}`)}" time="${time}">\n`;
  yield verdictElement(script);
  const bytes = shareOf(OUTPUT, report.attempts);
  const written = { out: [] as string[], err: [] as string[] };
  for await (const { attempt, stream, lines } of report.logs(script, bytes)) {
    if (lines.length === 0) continue;
    if (view.attempts.length > 1) written[stream].push(`--- attempt ${attempt} ---`);
    for (const line of lines) written[stream].push(visible(line));
  }
  if (written.out.length > 0) yield `      <system-out>${escaped(written.out.join("\n"))}\n</system-out>\n`;
  if (written.err.length > 0) yield `      <system-err>${escaped(written.err.join("\n"))}\n</system-err>\n`;
  yield "    </testcase>\n";
}

function verdictElement(script: ReportScript): string {
  const note = noteOf(script);
  const { view } = script;
  const kind = view.attempts.at(-1)?.failure?.kind ?? view.status.toLowerCase();
  switch (verdictOf(script)) {
    case "passed":
      return "";
    case "skipped":
      return `      <skipped message="${attribute(skipText(script, note))}"/>\n`;
    case "failure":
    case "error": {
      const element = verdictOf(script);
      const message = note === "" ? view.status.toLowerCase() : note;
      const details = view.attempts.map(attemptText).join("\n");
      return `      <${element} message="${attribute(message)}" type="${attribute(kind)}">${escaped(details)}</${element}>\n`;
    }
  }
}

function skipText({ view, isTolerated }: ReportScript, note: string): string {
  if (isTolerated) return `failed: ${note}`;
  const isOpen = view.status !== "Skipped";
  return isOpen ? `${view.status.toLowerCase()}: it has not ended${note === "" ? "" : `; ${note}`}` : note;
}

function attemptText({ attempt, status, exitCode, failure }: AttemptView): string {
  const how = exitCode === null ? (failure?.kind ?? status.toLowerCase()) : `exit code ${exitCode}`;
  return `attempt ${attempt}: ${how}`;
}

/**
 * A script that ended badly by itself is a failure; one that could not run or was stopped is an error. A failure that
 * the job tolerates is no failure of the job, so it is none here: it is skipped, and says why.
 */
function verdictOf({ view, isTolerated }: ReportScript): Verdict {
  if (view.status === "Completed") return "passed";
  if (view.status === "Cancelled") return "error";
  if (view.status !== "Failed" || isTolerated) return "skipped";
  const kind = view.attempts.at(-1)?.failure?.kind;
  return kind === "exit" || kind === "signal" ? "failure" : "error";
}

function totals(verdicts: readonly Verdict[]): string {
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  return `tests="${verdicts.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
}

function seconds(ms: number | null): string {
  return ((ms ?? 0) / 1_000).toFixed(3);
}

/** JUnit's schema has no zone: UTC. */
function stamp(iso: string | null): string {
  return iso === null ? "" : ` timestamp="${iso.slice(0, 19)}"`;
}
