import type { OutputRef } from "../../host.ts";

type Stream = Pick<OutputRef, "script" | "attempt" | "stream">;

/** How far a reader has come, by attempt and stream. */
export type LogCursor = ReadonlyMap<string, number>;

/** `key#2` for a combined log, `key#2.err` for a separate stderr. */
export function streamName({ script, attempt, stream }: Stream): string {
  return `${script}#${attempt}${stream === "err" ? ".err" : ""}`;
}

/** Reads `key#attempt:offset,key#attempt.err:offset`; null when it is not well formed. */
export function parseCursor(text: string): LogCursor | null {
  const found = new Map<string, number>();
  for (const part of text === "" ? [] : text.split(",")) {
    const match = /^(.+#[1-9]\d*(?:\.err)?):(\d{1,15})$/.exec(part);
    if (match?.[1] === undefined || match[2] === undefined) return null;
    found.set(match[1], Number(match[2]));
  }
  return found;
}
