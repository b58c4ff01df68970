import { readFile, stat } from "node:fs/promises";
import type { Context } from "../../context.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { leaving } from "../../leaving.ts";

const TAIL_DEFAULT = 50;
const POLL_MS = 200;
/** The daemon keeps so many full files beside the one it writes. */
const OLDER_FILES_MAX = 4;

/** A line of the audit log, as far as it is shown. */
type Entry = {
  readonly time: string;
  readonly does: "change" | "refusal" | "door" | "left-out";
  readonly door?: string;
  readonly uid?: number | null;
  readonly session?: string | null;
  readonly role?: string | null;
  readonly method?: string;
  readonly route?: string | null;
  readonly job?: string | null;
  readonly about?: string;
  readonly outcome?: string;
  readonly status?: number;
  readonly code?: string | null;
  readonly port?: number;
  readonly what?: string;
  readonly count?: number;
};

/** `aither daemon audit`: reads the files itself, because it is also wanted when no daemon runs. */
export async function daemonAudit(context: Context, input: Input): Promise<number> {
  const { places, io } = context;
  using leave = leaving(context, null);
  const wanted = input.count("tail") ?? TAIL_DEFAULT;
  const show = async (lines: readonly string[]): Promise<void> => io.lines(shown(lines, context, input));
  const file = places.auditLog;
  let known = await fileAt(file);
  const [older, now] = [await olderLines(file), known === null ? [] : await linesFrom(file, 0)];
  const kept = [...older, ...now].filter((line) => !input.on("refused") || entryOf(line)?.does === "refusal");
  if (kept.length === 0 && !context.json && !context.quiet) io.say("Nobody has changed anything yet.");
  await show(wanted === 0 ? [] : kept.slice(-wanted));
  while (input.on("follow") && !leave.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const found = await fileAt(file);
    if (found === null) continue;
    // A full file moved aside: the new one is read from its beginning.
    const from = known !== null && known.inode === found.inode && known.bytes <= found.bytes ? known.bytes : 0;
    if (found.bytes > from) await show(await linesFrom(file, from));
    known = found;
  }
  return leave.code ?? exit.done;
}

async function fileAt(path: string): Promise<{ readonly inode: number; readonly bytes: number } | null> {
  return stat(path).then(
    ({ ino, size }) => ({ inode: ino, bytes: size }),
    () => null,
  );
}

/** Of the files that moved aside, the oldest first. */
async function olderLines(path: string): Promise<readonly string[]> {
  const names = Array.from({ length: OLDER_FILES_MAX }, (_, at) => path.replace(/\.ndjson$/, `.${at + 1}.ndjson`));
  const parts = await Promise.all(names.toReversed().map((name) => linesFrom(name, 0).catch(() => [])));
  return parts.flat();
}

async function linesFrom(path: string, from: number): Promise<readonly string[]> {
  const bytes = await readFile(path);
  return bytes
    .subarray(from)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** Null for a line that a crash cut. */
function entryOf(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}

function shown(lines: readonly string[], context: Context, input: Input): readonly string[] {
  return lines.flatMap((line) => {
    const entry = entryOf(line);
    if (entry === null || (input.on("refused") && entry.does !== "refusal")) return [];
    return [context.json ? line : lineOf(entry, context)];
  });
}

/** `2026-01-31 12:30:01  uid 1000               cancelJob  7f3a…  done` */
function lineOf(entry: Entry, { io: { theme } }: Context): string {
  const time = theme.dim(entry.time.slice(0, 19).replace("T", " "));
  if (entry.does === "door") return `${time}  the door on 127.0.0.1:${entry.port} ${entry.outcome}`;
  if (entry.does === "left-out") return `${time}  ${entry.count} more ${entry.what} were left out`;
  const who =
    entry.door === "socket"
      ? `uid ${entry.uid}`
      : entry.session
        ? `session ${entry.session} (${entry.role})`
        : "a stranger";
  const what = `${entry.route ?? `${entry.method} of no route`}${entry.job ? ` ${entry.job}` : ""}${entry.about ? ` (${entry.about})` : ""}`;
  const outcome = entry.code ? `${entry.outcome}: ${entry.code.replace("AITHER_E_", "")}` : (entry.outcome ?? "");
  return `${time}  ${who.padEnd(31)}  ${what}  ${entry.outcome === "done" ? outcome : theme.bad(outcome)}`;
}
