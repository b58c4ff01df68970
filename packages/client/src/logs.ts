import type { JobDetail, LogLine, ScriptView } from "@aither/protocol";
import { call, open } from "./call.ts";
import { frames } from "./frames.ts";
import { ndjson } from "./ndjson.ts";
import { resuming } from "./resume.ts";
import type { Transport } from "./transport.ts";

export type LogsOptions = {
  /** A script's key, number or name; default: all. */
  readonly script?: string | undefined;
  readonly attempt?: number | undefined;
  /** Go on until everything was written; otherwise end with what there is now. */
  readonly follow?: boolean;
  /** Only the last so many lines of what is there. */
  readonly tail?: number | undefined;
  /** Whether a stream that ended was all there is, for callers who know from the events. Default: the daemon is asked. */
  readonly isOver?: () => boolean;
  readonly signal?: AbortSignal | undefined;
};

/** A request line must stay below what HTTP servers take; beyond it everything is asked for again and dropped here. */
const CURSOR_LENGTH_MAX = 8_000;

/** Output piece by piece. After a gap it goes on behind the last piece of each attempt: none twice, none lost. */
export function logs(
  transport: Transport,
  job: string,
  options: LogsOptions = {},
): AsyncGenerator<LogLine, void, undefined> {
  const { script, attempt, follow = false, tail, signal } = options;
  const seen = new Map<string, number>();
  return resuming<LogLine>(
    async function* read(again) {
      const cursor = cursorOf(seen);
      const reply = await open(transport, "jobLogs", {
        params: { id: job },
        query: {
          format: "ndjson",
          script,
          attempt,
          ...(follow && { follow }),
          tail,
          ...(seen.size > 0 && cursor.length <= CURSOR_LENGTH_MAX && { cursor }),
        },
        signal,
        wake: again ? "crashed" : "always",
      });
      for await (const line of ndjson<LogLine>(reply.body)) {
        const where = placeOf(line);
        if (line.offset <= (seen.get(where) ?? -1)) continue;
        seen.set(where, line.offset);
        yield line;
      }
      return !follow || (await allWritten(transport, job, options));
    },
    { signal },
  );
}

/** The same as raw bytes, as they were written (but masked). */
export function rawLogs(
  transport: Transport,
  job: string,
  options: LogsOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { script, attempt, follow = false, tail, signal } = options;
  let offset: number | null = null;
  return resuming<Uint8Array>(
    async function* read(again) {
      const reply = await open(transport, "jobLogs", {
        params: { id: job },
        // The daemon says where the last lines begin; from then on each piece says where it ends. How much was sent says
        // nothing of that: what is masked is not as long as what was written.
        query: {
          format: "framed",
          script,
          attempt,
          ...(follow && { follow }),
          ...(offset === null ? { tail } : { offset }),
        },
        signal,
        wake: again ? "crashed" : "always",
      });
      offset ??= Number(reply.headers["aither-log-offset"] ?? 0);
      for await (const { bytes, end } of frames(reply.body)) {
        offset = end;
        yield bytes;
      }
      return !follow || (await allWritten(transport, job, options));
    },
    { signal },
  );
}

function placeOf(line: LogLine): string {
  return `${line.script}#${line.attempt}${line.stream === "err" ? ".err" : ""}`;
}

function cursorOf(seen: ReadonlyMap<string, number>): string {
  return [...seen].map(([where, offset]) => `${where}:${offset}`).join(",");
}

/** A daemon that stops ends its streams in good order, too: ask whether that was really all. */
async function allWritten(
  transport: Transport,
  id: string,
  { script, attempt, signal }: LogsOptions,
): Promise<boolean> {
  const job = await call(transport, "showJob", { params: { id }, signal, wake: "crashed" });
  if (job.endedAt !== null) return true;
  if (script === undefined) return false;
  return scriptsOf(job)
    .filter((one) => one.key === script || one.number === script || one.name === script)
    .every((one) => attemptEnded(one, attempt));
}

function attemptEnded(script: ScriptView, attempt: number | undefined): boolean {
  if (script.endedAt !== null) return true;
  return attempt !== undefined && script.attempts.some((one) => one.attempt === attempt && one.endedAt !== null);
}

function scriptsOf(job: JobDetail): ScriptView[] {
  return job.stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
}
