/** The conclusion document: how the job and each leg ended, in GitHub's words, with outputs and output. */
import { API_VERSION } from "@aither/protocol";
import { ANNOTATIONS_MAX, type Annotation } from "./annotations.ts";
import type { Report, ReportScript } from "./report.ts";
import { shareOf } from "./words.ts";

/** Bytes of output: of the whole document, of one attempt. */
const OUTPUT = { total: 64 * 1024 * 1024, most: 8 * 1024 * 1024, least: 8 * 1024 };

export async function* conclusion(report: Report): AsyncGenerator<string, void, undefined> {
  const annotations: Annotation[] = [];
  const names = new Set<string>();
  yield `{\n  "apiVersion": ${JSON.stringify(API_VERSION)},\n  "conclusion": ${JSON.stringify(report.conclusion)},\n  "jobs": {`;
  for (const [index, { name, result, reason, steps, outputs, keys }] of report.results.entries()) {
    const scripts = keys.flatMap((key) => report.scripts.get(key) ?? []);
    const log = await linesOf(report, scripts);
    annotations.push(...report.annotationsIn(log).slice(0, ANNOTATIONS_MAX - annotations.length));
    const job = {
      result,
      ...(reason !== null && { reason }),
      steps: Object.fromEntries(steps.map((step) => [step.id, [step.outcome, step.conclusion]])),
      outputs,
      summary: await summaryOf(report, scripts),
      log,
    };
    yield `${index === 0 ? "" : ","}\n    ${JSON.stringify(unique(name, names))}: ${indented(job)}`;
  }
  yield `${report.results.length === 0 ? "" : "\n  "}},\n  "annotations": ${indented(annotations, 2)}\n}\n`;
}

function indented(value: unknown, by = 4): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${" ".repeat(by)}`);
}

/** A repeated name gets ` #2`. */
function unique(name: string, taken: Set<string>): string {
  let found = name;
  for (let count = 2; taken.has(found); count += 1) found = `${name} #${count}`;
  taken.add(found);
  return found;
}

/** In the order of the attempts' starts. */
async function linesOf(report: Report, scripts: readonly ReportScript[]): Promise<string[]> {
  const bytes = shareOf(OUTPUT, report.attempts);
  const logs: { readonly at: string; readonly lines: readonly string[] }[] = [];
  for (const script of scripts) {
    for await (const { attempt, lines } of report.logs(script, bytes)) {
      const started = script.view.attempts.find((one) => one.attempt === attempt)?.startedAt ?? "";
      logs.push({ at: started, lines });
    }
  }
  return logs.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).flatMap(({ lines }) => lines);
}

async function summaryOf(report: Report, scripts: readonly ReportScript[]): Promise<string> {
  const parts: string[] = [];
  for (const script of scripts) parts.push(await report.summaryOf(script));
  return parts
    .filter((part) => part !== "")
    .map((part) => (part.endsWith("\n") ? part : `${part}\n`))
    .join("");
}
