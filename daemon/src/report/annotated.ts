/** What scripts called errors, warnings and notices (`::warning file=…::text`), each with its script; for pages and Markdown alike. */
import { ANNOTATIONS_MAX, type Annotation } from "./annotations.ts";
import { visible } from "./ansi.ts";
import type { Report, ReportScript } from "./report.ts";
import { shareOf } from "./words.ts";

/** Bytes of output that are looked through: as many as the page shows of it. */
const OUTPUT = { total: 10 * 1024 * 1024, most: 256 * 1024, least: 1024 };
const TEXT_LENGTH_MAX = 500;

export type Annotated = {
  readonly level: Annotation["level"];
  /** "" where there is none. Like `message` without escape sequences, and not too long. */
  readonly title: string;
  readonly message: string;
  /** `a.c:3:2`; "" where none is told. */
  readonly place: string;
  readonly script: ReportScript;
  /** Of the stage, the leg within it, the script within that. */
  readonly at: readonly [number, number, number];
};

/** In the order of the plan. `left`: how many more there are. */
export async function annotatedIn(
  report: Report,
  most = ANNOTATIONS_MAX,
): Promise<{ readonly found: readonly Annotated[]; readonly left: number }> {
  const found: Annotated[] = [];
  const bytes = shareOf(OUTPUT, report.attempts);
  let left = 0;
  for (const [stageAt, stage] of report.stages.entries()) {
    for (const [legAt, leg] of stage.legs.entries()) {
      for (const [scriptAt, script] of leg.scripts.entries()) {
        for await (const { lines } of report.logs(script, bytes)) {
          for (const { level, title, message, ...where } of report.annotationsIn(lines)) {
            if (found.length >= most) {
              left += 1;
              continue;
            }
            const at = [stageAt, legAt, scriptAt] as const;
            const place = shortened(placeOf(where));
            found.push({ level, title: shortened(title ?? ""), message: shortened(message), place, script, at });
          }
        }
      }
    }
  }
  return { found, left };
}

function placeOf({ file, line, col }: Omit<Annotation, "level" | "title" | "message">): string {
  return [file ?? "", ...(line === null ? [] : [line, ...(col === null ? [] : [col])])]
    .join(":")
    .replace(/^:/, "line ");
}

function shortened(value: string): string {
  const seen = value.split("\n").map(visible).join("\n");
  return seen.length <= TEXT_LENGTH_MAX ? seen : `${seen.slice(0, TEXT_LENGTH_MAX)} … and more`;
}
