/** Each stage with its legs, scripts, attempts and output. What failed is open. */
import type { ScriptView } from "@aither/protocol";
import { escaped, prose } from "../escape.ts";
import type { Report, ReportLeg, ReportScript, ReportStage } from "../report.ts";
import { noteOf, scriptTitle, shareOf, timeText, tookText } from "../words.ts";
import { logBlock } from "./log.ts";
import { anchorOfLeg, anchorOfScript, anchorOfStage } from "./names.ts";
import { badge, statusOf } from "./shapes.ts";

/** Bytes of output on the page, and of one attempt. One that failed may show more. */
const OUTPUT = { total: 6 * 1024 * 1024, most: 64 * 1024, least: 1024 };
const FAILED_OUTPUT = { total: 4 * 1024 * 1024, most: 256 * 1024, least: 2 * 1024 };
const OUTPUTS_MAX = 100;
/** More of them open at once help nobody. */
const OPEN_MAX = 20;

type Shares = { readonly ordinary: number; readonly failed: number };

export async function* stageSections(report: Report): AsyncGenerator<string, void, undefined> {
  const all = [...report.scripts.values()];
  const shares = {
    ordinary: shareOf(OUTPUT, report.attempts),
    failed: shareOf(FAILED_OUTPUT, all.filter(({ view }) => view.status === "Failed").length),
  };
  const open = new Set(all.filter(({ view }) => view.status === "Failed").slice(0, OPEN_MAX));
  yield '<section aria-labelledby="scripts"><h2 id="scripts">Scripts and output</h2>';
  for (const [at, stage] of report.stages.entries()) {
    // Few scripts are all shown; of many, the stages that have something to say are open.
    const isOpen =
      all.length <= OPEN_MAX || stage.legs.some(({ scripts }) => scripts.some((script) => open.has(script)));
    yield `<details class="stage panel" id="${anchorOfStage(at)}"${isOpen ? " open" : ""}>${stageSummary(report, stage)}`;
    if (stage.view.reason !== "") yield `<p class="inside note">${prose(stage.view.reason)}</p>`;
    for (const [legAt, leg] of stage.legs.entries()) {
      // The only script of a leg stands for it.
      const isOne = leg.view.name !== "" && leg.scripts.length === 1;
      if (leg.view.name !== "" && !isOne) yield legHead(leg, anchorOfLeg(at, legAt, leg.scripts.length));
      for (const [scriptAt, script] of leg.scripts.entries()) {
        yield* scriptDetails(report, script, {
          title: isOne
            ? `${escaped(leg.view.name)} <span class="mute">› ${escaped(scriptTitle(script.view))}</span>`
            : escaped(scriptTitle(script.view)),
          anchor: anchorOfScript(at, legAt, scriptAt),
          shares,
          isOpen: open.has(script),
        });
      }
    }
    yield "</details>";
  }
  yield "</section>";
}

function stageSummary({ madeAt }: Report, { view, legs }: ReportStage): string {
  const scripts = legs.reduce((sum, leg) => sum + leg.scripts.length, 0);
  const size = view.uses ?? `${scripts} ${scripts === 1 ? "script" : "scripts"}`;
  return `<summary>${badge(view.status)}<h3>${escaped(view.name)}</h3><span class="end"><span class="mute">${escaped(size)}</span><span class="time">${tookText(view, madeAt)}</span></span></summary>`;
}

function legHead({ view }: ReportLeg, anchor: string): string {
  return `<div class="leg" id="${anchor}">${badge(view.status)}<h4>${escaped(view.name)}</h4></div>`;
}

async function* scriptDetails(
  report: Report,
  script: ReportScript,
  { title, anchor, shares, isOpen }: { title: string; anchor: string; shares: Shares; isOpen: boolean },
): AsyncGenerator<string, void, undefined> {
  const { view } = script;
  const code =
    view.exitCode === null || view.exitCode === 0 ? "" : `<span class="mute">exit code ${view.exitCode}</span>`;
  yield `<details class="script" id="${anchor}"${isOpen ? " open" : ""}><summary>${badge(statusOf(script))}<h4>${title}</h4><span class="end">${code}<span class="time">${tookText(view, report.madeAt)}</span></span></summary><div class="inside">`;
  const note = noteOf(script);
  if (note !== "") yield `<p class="note">${prose(note)}</p>`;
  yield times(view);
  if (view.attempts.length > 1) yield attemptTable(report, view);
  yield outputTable(view);
  const bytes = view.status === "Failed" ? shares.failed : shares.ordinary;
  for await (const log of report.logs(script, bytes)) yield logBlock(log, view.attempts.length === 1);
  yield "</div></details>";
}

function times({ startedAt, endedAt, key }: ScriptView): string {
  if (startedAt === null) return "";
  const end = endedAt === null ? "" : ` to ${timeText(endedAt)}`;
  return `<p class="note mute"><code>${escaped(key)}</code> · ${timeText(startedAt)}${end}</p>`;
}

function attemptTable({ madeAt }: Report, { attempts }: ScriptView): string {
  const rows = attempts.map(
    (one) =>
      `<tr><th scope="row">${one.attempt}</th><td>${badge(one.status)}</td><td>${one.exitCode ?? escaped(one.failure?.kind ?? "")}</td><td class="time">${tookText(one, madeAt)}</td></tr>`,
  );
  return `<table class="plain"><thead><tr><th scope="col">Attempt</th><th scope="col">Status</th><th scope="col">Exit code</th><th scope="col">Duration</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function outputTable({ outputs }: ScriptView): string {
  const all = Object.entries(outputs);
  if (all.length === 0) return "";
  const rows = all
    .slice(0, OUTPUTS_MAX)
    .map(
      ([name, value]) =>
        `<tr><th scope="row"><code>${escaped(name)}</code></th><td><code>${escaped(shortened(value))}</code></td></tr>`,
    );
  return `<table class="plain"><thead><tr><th scope="col">Output</th><th scope="col">Value</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const VALUE_LENGTH_MAX = 2_000;

export function shortened(value: string): string {
  return value.length <= VALUE_LENGTH_MAX ? value : `${value.slice(0, VALUE_LENGTH_MAX)} … and more`;
}
