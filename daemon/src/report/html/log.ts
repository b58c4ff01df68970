/** What a script wrote, on a page: text and nothing else, in the colours it asked for. */
import { escaped } from "../escape.ts";
import { runsOf, type Run } from "../ansi.ts";
import type { AttemptLog } from "../report.ts";

export function logBlock({ script, attempt, stream, lines }: AttemptLog, isAlone: boolean): string {
  const title = [...(isAlone ? [] : [`Attempt ${attempt}`]), ...(stream === "err" ? ["stderr"] : [])].join(", ");
  const head = title === "" ? "" : `<h5>${title}</h5>`;
  if (lines.length === 0) return isAlone && stream === "out" ? `${head}<p class="mute">It wrote nothing.</p>` : "";
  const label = escaped(`Output of ${script.view.name}${title === "" ? "" : `, ${title}`}`);
  // A page may be moved sideways by key only where the focus can go.
  return `${head}<pre tabindex="0" role="region" aria-label="${label}">${lines.map(lineText).join("\n")}</pre>`;
}

function lineText(line: string): string {
  if (!/[\u001b\r]/.test(line)) return escaped(line);
  return runsOf(line).map(runText).join("");
}

function runText(run: Run): string {
  const classes = [
    ...(run.colour === null ? [] : [`a${run.colour % 8}${run.colour > 7 ? " ab" : ""}`]),
    ...(run.bold ? ["b"] : []),
    ...(run.dim ? ["d"] : []),
    ...(run.italic ? ["i"] : []),
    ...(run.underline ? ["u"] : []),
  ];
  return classes.length === 0 ? escaped(run.text) : `<span class="${classes.join(" ")}">${escaped(run.text)}</span>`;
}
