/** When what ran, as bars. The same times stand beside each script in words, so readers of the screen lose nothing. */
import { escaped } from "../escape.ts";
import type { Report } from "../report.ts";
import { durationText, scriptTitle } from "../words.ts";
import { anchorOfLeg, anchorOfScript, anchorOfStage } from "./names.ts";
import { colourClass, shape, statusOf } from "./shapes.ts";

/** More bars say less: then there is one for each leg, or for each stage. */
const BARS_MAX = 200;
const TICKS = 4;

type Bar = {
  readonly name: string;
  readonly anchor: string;
  readonly status: string;
  readonly fromMs: number;
  readonly toMs: number;
};

export function timeline(report: Report): string {
  const bars = barsOf(report);
  if (bars.length === 0) return "";
  const fromMs = Math.min(...bars.map((bar) => bar.fromMs));
  const wholeMs = Math.max(TICKS, Math.max(...bars.map((bar) => bar.toMs)) - fromMs);
  const percent = (ms: number): string => ((ms / wholeMs) * 100).toFixed(2);
  const ticks = Array.from({ length: TICKS + 1 }, (_, at) => {
    const place = ((at / TICKS) * 100).toFixed(0);
    const edge = at === 0 ? " first" : at === TICKS ? " last" : "";
    return `<span class="tick${edge}" style="left:${place}%">${tickText((wholeMs / TICKS) * at, wholeMs)}</span>`;
  });
  const rows = bars.map((bar) => {
    const took = durationText(bar.toMs - bar.fromMs);
    const place = `left:${percent(bar.fromMs - fromMs)}%;width:${percent(bar.toMs - bar.fromMs)}%`;
    return `<li><a href="#${bar.anchor}">${shape(bar.status)}<span class="cut">${escaped(bar.name)}</span></a><span class="track"><span class="bar ${colourClass(bar.status)}" style="${place}"></span></span><span class="time">${took}</span></li>`;
  });
  return `<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2><div class="lines panel"><div class="axis" aria-hidden="true"><span class="track">${ticks.join("")}</span></div><ol class="bars">${rows.join("")}</ol></div></section>`;
}

/** Short spans in tenths or thousandths, so that no two ticks say the same. */
function tickText(ms: number, wholeMs: number): string {
  if (wholeMs < 1_000) return `${Math.round(ms)}ms`;
  return wholeMs < 20_000 ? `${(ms / 1_000).toFixed(1)}s` : durationText(ms);
}

function barsOf(report: Report): Bar[] {
  const { stages, madeAt } = report;
  const scripts = stages.flatMap((stage, at) =>
    stage.legs.flatMap((leg, legAt) =>
      leg.scripts.map((script, scriptAt) => ({
        name: [
          leg.view.name === "" ? stage.view.name : `${stage.view.name} [${leg.view.name}]`,
          scriptTitle(script.view),
        ].join(" › "),
        anchor: anchorOfScript(at, legAt, scriptAt),
        status: statusOf(script),
        spans: [script.view],
      })),
    ),
  );
  const legs = stages.flatMap((stage, at) =>
    stage.legs.map((leg, legAt) => ({
      name: leg.view.name === "" ? stage.view.name : `${stage.view.name} [${leg.view.name}]`,
      anchor: anchorOfLeg(at, legAt, leg.scripts.length),
      status: leg.view.status,
      spans: leg.scripts.map((script) => script.view),
    })),
  );
  const whole = stages.map((stage, at) => ({
    name: stage.view.name,
    anchor: anchorOfStage(at),
    status: stage.view.status,
    spans: [stage.view],
  }));
  const ran = [scripts, legs, whole].map((kind) => kind.flatMap((one) => barOf(one, madeAt)));
  return ran.find((kind) => kind.length <= BARS_MAX) ?? (ran.at(-1) ?? []).slice(0, BARS_MAX);
}

type Spanned = Pick<Bar, "name" | "anchor" | "status"> & {
  readonly spans: readonly { readonly startedAt: string | null; readonly endedAt: string | null }[];
};

function barOf({ spans, ...bar }: Spanned, madeAt: string): Bar[] {
  const ran = spans.filter((span) => span.startedAt !== null);
  if (ran.length === 0) return [];
  const starts = ran.map(({ startedAt }) => Date.parse(startedAt!));
  const ends = ran.map(({ endedAt }) => Date.parse(endedAt ?? madeAt));
  const fromMs = Math.min(...starts);
  return [{ ...bar, fromMs, toMs: Math.max(fromMs, ...ends) }];
}
