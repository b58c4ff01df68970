/** The legs of a matrix as a grid: the last dimension across, what varies otherwise down. */
import type { LegView } from "@aither/protocol";
import { escaped } from "../escape.ts";
import type { ReportLeg, ReportStage } from "../report.ts";
import { durationText } from "../words.ts";
import { anchorOfLeg } from "./names.ts";
import { colourClass, shape } from "./shapes.ts";

export function matrixGrid(stage: ReportStage, stageIndex: number, madeAt: string): string {
  if (stage.legs.length < 2) return "";
  const legs = stage.legs.map((leg, index) => ({ leg, index }));
  const keys = [...new Set(stage.legs.flatMap(({ view }) => Object.keys(view.matrix)))];
  const across = keys.length > 1 ? keys.at(-1) : undefined;
  const down = keys.filter((key) => key !== across);
  const nameOf = (view: LegView, wanted: readonly string[]): string =>
    wanted.map((key) => (Object.hasOwn(view.matrix, key) ? valueText(view.matrix[key]) : "–")).join(", ");
  const columns = across === undefined ? [""] : unique(stage.legs.map(({ view }) => nameOf(view, [across])));
  const rows = unique(stage.legs.map(({ view }) => nameOf(view, down)));
  const cells = rows.map((row) => {
    const inRow = columns.map((column) => {
      const found = legs.filter(
        ({ leg: { view } }) =>
          nameOf(view, down) === row && (across === undefined || nameOf(view, [across]) === column),
      );
      const text = found
        .map(({ leg, index }) => cell(leg, anchorOfLeg(stageIndex, index, leg.scripts.length), madeAt))
        .join("");
      return `<td>${text === "" ? '<span class="mute" title="There is no such leg">–</span>' : text}</td>`;
    });
    return `<tr><th scope="row">${escaped(row)}</th>${inRow.join("")}</tr>`;
  });
  const corner = `${escaped(down.join(", "))}${across === undefined ? "" : ` <span class="mute">\\</span> ${escaped(across)}`}`;
  const head = columns.map((column) => `<th scope="col">${across === undefined ? "result" : escaped(column)}</th>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="Matrix of ${escaped(stage.view.name)}"><table class="grid"><caption>${escaped(stage.view.name)} <span class="mute">${stage.legs.length} legs</span></caption><thead><tr><th scope="col">${corner}</th>${head.join("")}</tr></thead><tbody>${cells.join("")}</tbody></table></div>`;
}

function cell({ view, scripts }: ReportLeg, anchor: string, madeAt: string): string {
  const starts = scripts.flatMap((script) => script.view.startedAt ?? []).toSorted();
  const ends = scripts.flatMap((script) => script.view.endedAt ?? madeAt).toSorted();
  const [first] = starts;
  const ms = first === undefined ? null : Math.max(0, Date.parse(ends.at(-1) ?? madeAt) - Date.parse(first));
  const took = ms === null ? "" : ` <span class="time">${durationText(ms)}</span>`;
  return `<a class="cell ${colourClass(view.status)}" href="#${anchor}">${shape(view.status)}${escaped(view.status.toLowerCase())}${took}</a>`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
