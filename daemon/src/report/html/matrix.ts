/**
 * The legs of a matrix as a grid: of the dimensions that all legs have the last across, the others down; what only some
 * have (by `include`) stands with those. Of one dimension, as a list.
 */
import type { LegView } from "@aither/protocol";
import { escaped } from "../escape.ts";
import type { ReportLeg, ReportStage } from "../report.ts";
import { durationText } from "../words.ts";
import { anchorOfLeg } from "./names.ts";
import { colourClass, shape } from "./shapes.ts";

export function matrixGrid(stage: ReportStage, stageIndex: number, madeAt: string): string {
  if (stage.legs.length < 2) return "";
  const keys = [...new Set(stage.legs.flatMap(({ view }) => Object.keys(view.matrix)))];
  const shared = keys.filter((key) => stage.legs.every(({ view }) => Object.hasOwn(view.matrix, key)));
  const others = keys.filter((key) => !shared.includes(key));
  const isGrid = shared.length > 1;
  const cells = stage.legs.map((leg, index) => ({
    leg: leg.view,
    text: `${isGrid ? own(leg.view, others) : ""}${cell(leg, anchorOfLeg(stageIndex, index, leg.scripts.length), madeAt)}`,
  }));
  const title = `${escaped(stage.view.name)} <span class="mute">${stage.legs.length} legs</span>`;
  const across = shared.at(-1);
  if (across === undefined || !isGrid) {
    const items = cells.map(
      ({ leg, text }) => `<li><span class="cut">${escaped(nameOf(leg, keys))}</span>${text}</li>`,
    );
    return `<h3 class="flowing">${title}</h3><ul class="flow" aria-label="Legs by ${escaped(keys.join(", "))}">${items.join("")}</ul>`;
  }
  const down = shared.slice(0, -1);
  const columns = unique(cells.map(({ leg }) => nameOf(leg, [across])));
  const rows = unique(cells.map(({ leg }) => nameOf(leg, down))).map((row) => {
    const inRow = columns.map((column) => {
      const found = cells.filter(({ leg }) => nameOf(leg, down) === row && nameOf(leg, [across]) === column);
      const text = found.map((one) => one.text).join("");
      if (text === "") return '<td class="none"><span class="mute" title="There is no such leg">–</span></td>';
      return `<td data-across="${escaped(`${across} ${column}`)}">${text}</td>`;
    });
    return `<tr><th scope="row">${escaped(row)}</th>${inRow.join("")}</tr>`;
  });
  const corner = `${escaped(down.join(", "))} <span class="mute">\\</span> ${escaped(across)}`;
  const head = columns.map((column) => `<th scope="col">${escaped(column)}</th>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="Matrix of ${escaped(stage.view.name)}"><table class="grid"><caption>${title}</caption><thead><tr><th scope="col">${corner}</th>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function nameOf({ matrix }: LegView, keys: readonly string[]): string {
  return keys.flatMap((key) => (Object.hasOwn(matrix, key) ? [valueText(matrix[key])] : [])).join(", ");
}

/** What of these the leg has: `cov=yes`. */
function own({ matrix }: LegView, keys: readonly string[]): string {
  const told = keys.filter((key) => Object.hasOwn(matrix, key)).map((key) => `${key}=${valueText(matrix[key])}`);
  return told.length === 0 ? "" : `<span class="own mute">${escaped(told.join(", "))}</span>`;
}

function cell({ view, scripts }: ReportLeg, anchor: string, madeAt: string): string {
  const ran = scripts.flatMap(({ view: { startedAt, endedAt } }) =>
    startedAt === null ? [] : [{ from: Date.parse(startedAt), to: Date.parse(endedAt ?? madeAt) }],
  );
  const ms = Math.max(...ran.map(({ to }) => to)) - Math.min(...ran.map(({ from }) => from));
  const took = ran.length === 0 ? "" : ` <span class="time">${durationText(Math.max(0, ms))}</span>`;
  return `<a class="cell ${colourClass(view.status)}" href="#${anchor}">${shape(view.status)}${escaped(view.status.toLowerCase())}${took}</a>`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
