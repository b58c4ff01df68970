/**
 * A job as one page that needs nothing else: no script, no request, no font. Everything a person chose or a program wrote
 * is in it as text only, and its own policy forbids the browser to load or run anything should that ever fail.
 */
import { escaped, prose } from "../escape.ts";
import type { Report } from "../report.ts";
import { jobTitle, noteOf, scriptTitle, timeText, tookText } from "../words.ts";
import { annotated } from "./annotations.ts";
import { matrixGrid } from "./matrix.ts";
import { anchorOfScript, anchorOfStage } from "./names.ts";
import { added, rest } from "./more.ts";
import { stageSections } from "./scripts.ts";
import { badge, colourClass, favicon, shape, shapeSheet } from "./shapes.ts";
import { style } from "./style.ts";
import { timeline } from "./timeline.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const FAILURES_MAX = 50;

const marks: Readonly<Record<string, string>> = { Completed: "✓", Failed: "✗", Cancelled: "⊘" };

export async function* html(report: Report): AsyncGenerator<string, void, undefined> {
  const { job } = report;
  const title = `${marks[job.status] ?? "⟳"} ${jobTitle(job)} #${job.number} · aither`;
  yield `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title><link rel="icon" href="${favicon(job.status)}"><style>${style}</style></head><body>${shapeSheet()}<a class="skip" href="#main">Skip to the report</a><div class="wrap">`;
  const grids = report.stages.map((stage, at) => matrixGrid(stage, at, report.madeAt)).join("");
  const bars = timeline(report);
  const failures = failureSection("What failed", failureCards(report, false));
  const tolerated = failureSection("Failed, and tolerated", failureCards(report, true));
  const notes = await annotated(report);
  const contributions = await added(report);
  yield header(report);
  yield contents([
    ["failed", "What failed", failures],
    ["tolerated", "Failed, and tolerated", tolerated],
    ["annotations", "Warnings and errors", notes],
    ["stages", "Stages", "-"],
    ["matrix", "Matrix", grids],
    ["timeline", "Timeline", bars],
    ["scripts", "Scripts and output", "-"],
    ["added", "From the scripts", contributions],
    ["more", "Around it", "-"],
  ]);
  yield `</header><main id="main">${failures}${tolerated}${notes}${stageTable(report)}`;
  if (grids !== "") yield `<section aria-labelledby="matrix"><h2 id="matrix">Matrix</h2>${grids}</section>`;
  yield bars;
  yield* stageSections(report);
  yield contributions;
  yield rest(report);
  yield `</main><footer><p>Made by aither ${escaped(report.madeBy)} at ${timeText(report.madeAt)} · job <code>${escaped(job.jobId)}</code></p><p>All of it is in this file; nothing is loaded and no script runs. Secrets are masked.</p></footer></div></body></html>\n`;
}

function header(report: Report): string {
  const { job, madeAt, hasEnded } = report;
  const facts: (readonly [string, string])[] = [
    ["Started", timeText(job.startedAt)],
    ["Ended", timeText(job.endedAt)],
    ["Duration", tookText(job, madeAt)],
    ["Playbook", job.playbook],
    ["Profile", job.profile ?? ""],
    ["Workspace", job.workspace],
  ];
  const shown = facts.filter(([, value]) => value !== "");
  const list = shown.map(([name, value]) => `<div><dt>${name}</dt><dd>${escaped(value)}</dd></div>`);
  const open = hasEnded
    ? ""
    : `<p class="open"><strong>The job has not ended.</strong> This is how far it was at ${timeText(madeAt)}.</p>`;
  const restart = job.restartRequired ? '<p class="open">The machine must be restarted.</p>' : "";
  const why = job.reason === "" ? "" : `<p class="why">${prose(job.reason)}</p>`;
  return `<header><p class="brand">aither · report of a job</p><h1><span class="${colourClass(job.status)}">${shape(job.status)}</span><span>${escaped(jobTitle(job))} <span class="number">#${job.number}</span></span><span class="${colourClass(job.status)}">${escaped(job.status.toLowerCase())}</span></h1>${why}${open}${restart}<dl class="facts">${list.join("")}</dl>${shareBar(report)}`;
}

function shareBar({ job: { counts }, scripts }: Report): string {
  const tolerated = [...scripts.values()].filter(({ isTolerated }) => isTolerated).length;
  const parts = [
    ["Completed", counts.completed],
    ["Failed", counts.failed - tolerated],
    ["Tolerated", tolerated],
    ["Cancelled", counts.cancelled],
    ["Running", counts.running],
    ["Pending", counts.pending],
    ["Skipped", counts.skipped],
  ] as const;
  const there = parts.filter(([, count]) => count > 0);
  const bars = there.map(
    ([status, count]) => `<span class="${colourClass(status)}" style="flex-grow:${count}"></span>`,
  );
  const words = there.map(([status, count]) => `<li>${badge(status)} <b>${count}</b></li>`);
  const total = `<li class="mute">${counts.total} ${counts.total === 1 ? "script" : "scripts"}</li>`;
  return `<div class="share" aria-hidden="true">${bars.join("")}</div><ul class="legend" aria-label="Scripts by status">${words.join("")}${total}</ul>`;
}

function contents(sections: readonly (readonly [anchor: string, title: string, content: string])[]): string {
  const links = sections
    .filter(([, , content]) => content !== "")
    .map(([anchor, title]) => `<li><a href="#${anchor}">${title}</a></li>`);
  return `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>`;
}

/** Scripts that failed, and stages that did although nothing they ran did: those that count, or those that are tolerated. */
function failureCards({ stages }: Report, isTolerated: boolean): string[] {
  return stages.flatMap((stage, at) => {
    const { name, reason, continueOnError } = stage.view;
    const alone =
      stage.isFailedAlone && continueOnError === isTolerated
        ? [card(continueOnError, `<a href="#${anchorOfStage(at)}">${escaped(name)}</a>`, prose(reason || "failed"))]
        : [];
    const scripts = stage.legs.flatMap((leg, legAt) =>
      leg.scripts.flatMap((script, scriptAt) => {
        if (script.view.status !== "Failed" || script.isTolerated !== isTolerated) return [];
        const place = leg.view.name === "" ? name : `${name} [${leg.view.name}]`;
        const link = `<a href="#${anchorOfScript(at, legAt, scriptAt)}">${escaped(scriptTitle(script.view))}</a>`;
        return [
          card(isTolerated, `${link}<span class="place">${escaped(place)}</span>`, prose(noteOf(script) || "failed")),
        ];
      }),
    );
    return [...alone, ...scripts];
  });
}

function card(isTolerated: boolean, what: string, why: string): string {
  return `<article class="failure"><h3>${shape(isTolerated ? "Tolerated" : "Failed")}${what}</h3><p>${why}</p></article>`;
}

function failureSection(title: "What failed" | "Failed, and tolerated", cards: readonly string[]): string {
  if (cards.length === 0) return "";
  const [anchor, kind] = title === "What failed" ? ["failed", "failures"] : ["tolerated", "failures quiet"];
  const left = cards.length - FAILURES_MAX;
  const more = left > 0 ? `<p class="mute">${left} more failed; they are below.</p>` : "";
  return `<section aria-labelledby="${anchor}"><h2 id="${anchor}">${title}</h2><div class="${kind}">${cards.slice(0, FAILURES_MAX).join("")}</div>${more}</section>`;
}

function stageTable({ stages, madeAt }: Report): string {
  const rows = stages.map(({ view, legs }, at) => {
    const scripts = legs.flatMap((leg) => leg.scripts);
    const done = scripts.filter((script) => script.view.status === "Completed").length;
    const size = `${done} of ${scripts.length}${legs.length > 1 ? ` in ${legs.length} legs` : ""}`;
    const needs = view.needs.length === 0 ? "" : `<span class="needs">needs ${escaped(view.needs.join(", "))}</span>`;
    const isPart = view.within === undefined ? "" : ' class="part"';
    const link = `<a href="#${anchorOfStage(at)}">${escaped(view.name)}</a>`;
    return `<tr${isPart}><th scope="row">${link}</th><td>${badge(view.status)}</td><td class="time">${tookText(view, madeAt)}</td><td class="time">${scripts.length === 0 ? "" : size}</td><td>${prose(view.reason)}${needs}</td></tr>`;
  });
  return `<section aria-labelledby="stages"><h2 id="stages">Stages</h2><div class="panel"><table class="stages"><thead><tr><th scope="col">Stage</th><th scope="col">Status</th><th scope="col">Duration</th><th scope="col">Scripts done</th><th scope="col">Why</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}
