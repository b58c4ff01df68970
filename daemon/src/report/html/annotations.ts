/** What scripts called errors, warnings and notices, in one list, each beside its script. */
import { annotatedIn, type Annotated } from "../annotated.ts";
import { escaped } from "../escape.ts";
import type { Report } from "../report.ts";
import { scriptTitle } from "../words.ts";
import { anchorOfScript } from "./names.ts";
import { shape } from "./shapes.ts";

/** A level is a shape, a word and a colour, as a status is. */
const levels = { error: "Failed", warning: "Paused", notice: "Queued" } as const;
const colours = { error: "failed", warning: "waiting", notice: "queued" } as const;

export async function annotated(report: Report): Promise<string> {
  const { found, left } = await annotatedIn(report);
  if (found.length === 0) return "";
  const more = left === 0 ? "" : `<p class="inside mute">${left} more</p>`;
  const head = ["Level", "What", "Where", "Script"].map((title) => `<th scope="col">${title}</th>`).join("");
  return `<section aria-labelledby="annotations"><h2 id="annotations">Warnings and errors</h2><div class="panel"><table class="stages"><thead><tr>${head}</tr></thead><tbody>${found.map(row).join("")}</tbody></table>${more}</div></section>`;
}

function row({ level, title, message, place, script, at }: Annotated): string {
  const name = title === "" ? "" : `<span class="n">${escaped(title)}</span> `;
  const code = place === "" ? "" : `<code>${escaped(place)}</code>`;
  const link = `<a href="#${anchorOfScript(...at)}">${escaped(scriptTitle(script.view))}</a>`;
  return `<tr><th scope="row"><span class="badge c-${colours[level]}">${shape(levels[level])}${level}</span></th><td>${name}${escaped(message)}</td><td>${code}</td><td>${link}</td></tr>`;
}
