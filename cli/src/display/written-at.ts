/** When a line of output was written, in front of it: what `--timestamps` shows, wherever lines are shown. */
import type { Theme } from "./theme.ts";

/** As long as a time: `2026-01-31T22:30:00.000Z`. */
const NO_TIME = "-".padEnd(24);

export function writtenAt(time: string | null, theme: Theme): string {
  return `${theme.dim(time ?? NO_TIME)} `;
}
