/** What scripts added, and what surrounds a job: values, artifacts, notices, what nothing enforces. */
import { escaped } from "../escape.ts";
import type { Report } from "../report.ts";
import { scriptTitle, sizeText, timeText } from "../words.ts";
import { shortened } from "./scripts.ts";
import { badge } from "./shapes.ts";

const ROWS_MAX = 500;
/** What all scripts added. */
const ADDED_LENGTH_MAX = 1024 * 1024;

/** As text: it is Markdown that anybody may have written, and a page is no place to find out what it does. */
export async function added(report: Report): Promise<string> {
  const parts: string[] = [];
  let left = ADDED_LENGTH_MAX;
  for (const stage of report.stages) {
    for (const leg of stage.legs) {
      for (const script of leg.scripts) {
        const summary = (await report.summaryOf(script)).trimEnd();
        if (summary === "" || left < 0) continue;
        left -= summary.length;
        const place = leg.view.name === "" ? stage.view.name : `${stage.view.name} [${leg.view.name}]`;
        const title = `${escaped(place)} › ${escaped(scriptTitle(script.view))}`;
        if (left < 0) parts.push('<p class="mute">What more scripts added is left out: it is too much.</p>');
        else
          parts.push(
            `<h3>${title}</h3><pre tabindex="0" role="region" aria-label="Added by ${title}">${escaped(summary)}</pre>`,
          );
      }
    }
  }
  if (parts.length === 0) return "";
  return `<section class="added" aria-labelledby="added"><h2 id="added">From the scripts</h2>${parts.join("")}</section>`;
}

export function rest({ job }: Report): string {
  const { variables, artifacts = [], notifications = [], notEnforced } = job;
  const parts = [
    section(
      "Variables",
      ["Name", "Value"],
      Object.entries(variables).map(([name, value]) => [
        `<code>${escaped(name)}</code>`,
        `<code>${escaped(shortened(typeof value === "string" ? value : JSON.stringify(value)))}</code>`,
      ]),
    ),
    section(
      "Artifacts",
      ["Name", "Size", "Changed"],
      artifacts.map(({ name, bytes, changedAt }) => [
        `<code>${escaped(name)}</code>`,
        sizeText(bytes),
        timeText(changedAt),
      ]),
    ),
    section(
      "Told",
      ["Of", "Whom", "Status", "Message"],
      notifications.map(({ on, channel, to, status, message }) => [
        escaped(on),
        escaped(`${channel} ${to}`.trim()),
        badge(noticeStatus[status]),
        escaped(message),
      ]),
    ),
    section(
      "Declared, not enforced",
      ["What", "Where", "Why"],
      notEnforced.map(({ what, where, reason }) => [escaped(what), `<code>${escaped(where)}</code>`, escaped(reason)]),
    ),
  ];
  const file = job.file === null ? "" : `, from <code>${escaped(job.file)}</code>`;
  const origin = `<p class="note">The playbook is of format ${escaped(job.format)}${file}.</p>`;
  return `<section aria-labelledby="more"><h2 id="more">Around it</h2>${origin}${parts.join("")}</section>`;
}

const noticeStatus = { delivered: "Completed", failed: "Failed", pending: "Queued" } as const;

function section(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join("");
  const body = rows
    .slice(0, ROWS_MAX)
    .map(
      ([first, ...others]) =>
        `<tr><th scope="row">${first}</th>${others.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
    );
  const left = rows.length - body.length;
  const more = left > 0 ? `<p class="inside mute">${left} more</p>` : "";
  return `<details class="panel stage"><summary><h3>${title}</h3><span class="end mute">${rows.length}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="stages"><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>${more}</details>`;
}
