/** What scripts called errors, warnings and notices (`::warning file=…::text`), in one list, each beside its script. */
import { ANNOTATIONS_MAX, type Annotation } from "../annotations.ts";
import { visible } from "../ansi.ts";
import { escaped } from "../escape.ts";
import type { Report } from "../report.ts";
import { scriptTitle, shareOf } from "../words.ts";
import { anchorOfScript } from "./names.ts";
import { shape } from "./shapes.ts";

/** Bytes of output that are looked through: as many as the page shows of it. */
const OUTPUT = { total: 10 * 1024 * 1024, most: 256 * 1024, least: 1024 };

/** A level is a shape, a word and a colour, as a status is. */
const levels = { error: "Failed", warning: "Paused", notice: "Queued" } as const;

export async function annotated(report: Report): Promise<string> {
  const rows: string[] = [];
  const bytes = shareOf(OUTPUT, report.attempts);
  let left = 0;
  for (const [at, stage] of report.stages.entries()) {
    for (const [legAt, leg] of stage.legs.entries()) {
      for (const [scriptAt, script] of leg.scripts.entries()) {
        const link = `<a href="#${anchorOfScript(at, legAt, scriptAt)}">${escaped(scriptTitle(script.view))}</a>`;
        for await (const { lines } of report.logs(script, bytes)) {
          for (const one of report.annotationsIn(lines)) {
            if (rows.length < ANNOTATIONS_MAX) rows.push(row(one, link));
            else left += 1;
          }
        }
      }
    }
  }
  if (rows.length === 0) return "";
  const more = left === 0 ? "" : `<p class="inside mute">${left} more</p>`;
  const head = ["Level", "What", "Where", "Script"].map((title) => `<th scope="col">${title}</th>`).join("");
  return `<section aria-labelledby="annotations"><h2 id="annotations">Warnings and errors</h2><div class="panel"><table class="stages"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>${more}</div></section>`;
}

function row({ level, title, message, ...where }: Annotation, link: string): string {
  const status = levels[level];
  const name = title === null ? "" : `<span class="n">${text(title)}</span> `;
  const place = placeOf(where);
  const code = place === "" ? "" : `<code>${text(place)}</code>`;
  return `<tr><th scope="row"><span class="badge c-${colours[level]}">${shape(status)}${level}</span></th><td>${name}${text(message)}</td><td>${code}</td><td>${link}</td></tr>`;
}

const colours = { error: "failed", warning: "waiting", notice: "queued" } as const;

/** `a.c:3:2` */
function placeOf({ file, line, col }: Omit<Annotation, "level" | "title" | "message">): string {
  return [file ?? "", ...(line === null ? [] : [line, ...(col === null ? [] : [col])])]
    .join(":")
    .replace(/^:/, "line ");
}

const TEXT_LENGTH_MAX = 500;

function text(value: string): string {
  const seen = value.split("\n").map(visible).join("\n");
  return escaped(seen.length <= TEXT_LENGTH_MAX ? seen : `${seen.slice(0, TEXT_LENGTH_MAX)} … and more`);
}
