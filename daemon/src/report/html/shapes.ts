/** A status is a shape, a word and a colour: none of them alone. */
import { escaped } from "../escape.ts";
import type { ReportScript } from "../report.ts";

type Shape = "completed" | "failed" | "tolerated" | "running" | "waiting" | "queued" | "cancelled" | "skipped";

const octagon =
  '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2" class="on"/>';

const shapes: Readonly<Record<Shape, string>> = {
  completed: '<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.6 8.3l2.3 2.3 4.5-5" class="on"/>',
  failed: octagon,
  tolerated: octagon,
  running: '<path d="M8 2a6 6 0 0 1 6 6M8 14a6 6 0 0 1-6-6" class="line"/>',
  waiting: '<path d="M8 1l7 7-7 7-7-7z" fill="currentColor"/><path d="M6.5 5.8v4.4m3-4.4v4.4" class="on"/>',
  queued: '<circle cx="8" cy="8" r="6" class="line"/>',
  cancelled: '<path d="M2 2h12v12H2z" fill="currentColor"/><path d="M5 8h6" class="on"/>',
  skipped: '<path d="M2 3l5.5 5L2 13zM8.500 3l5.500 5-5.500 5z" fill="currentColor"/>',
};

const shapeOf: Readonly<Record<string, Shape>> = {
  Completed: "completed",
  Failed: "failed",
  Tolerated: "tolerated",
  Running: "running",
  Cancelling: "running",
  Paused: "waiting",
  Pending: "waiting",
  Queued: "queued",
  Cancelled: "cancelled",
  Skipped: "skipped",
};

/** Of a script: a failure that is tolerated is no alarm. */
export function statusOf({ view, isTolerated }: ReportScript): string {
  return isTolerated ? "Tolerated" : view.status;
}

/** Drawn once; every place refers to them. */
export function shapeSheet(): string {
  const symbols = Object.entries(shapes).map(
    ([name, path]) => `<symbol id="s-${name}" viewBox="0 0 16 16">${path}</symbol>`,
  );
  return `<svg width="0" height="0" class="sheet" aria-hidden="true" focusable="false">${symbols.join("")}</svg>`;
}

/** The shape alone; the word stands beside it. */
export function shape(status: string): string {
  const name = shapeOf[status] ?? "queued";
  return `<svg class="s c-${name}" aria-hidden="true" focusable="false"><use href="#s-${name}"/></svg>`;
}

/** Shape and word. */
export function badge(status: string): string {
  return `<span class="badge c-${shapeOf[status] ?? "queued"}">${shape(status)}${escaped(status.toLowerCase())}</span>`;
}

export function colourClass(status: string): string {
  return `c-${shapeOf[status] ?? "queued"}`;
}

/** The page's own sign among the tabs of a browser. */
export function favicon(status: string): string {
  const colours: Readonly<Record<string, string>> = { completed: "#187a53", failed: "#d0342c", running: "#1033d2" };
  const name = shapeOf[status] ?? "queued";
  const style = "<style>.on,.line{fill:none;stroke-width:1.8}.on{stroke:#fff}.line{stroke:currentColor}</style>";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" color="${colours[name] ?? "#5c6675"}">${style}${shapes[name]}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
