/** Bytes of a journal ⇄ events. Pure: what is torn, damaged or newer is said, and somebody else decides. */
import { EVENT_VERSION, type Event, type JobId } from "@aither/protocol";
import { eventSchemas } from "@aither/protocol/contracts";
import { JournalDamaged, JournalNewer } from "./errors.ts";
import { upcast } from "./upcast.ts";

export type JournalRead = {
  readonly events: readonly Event[];
  /** Bytes up to the end of the last good record. */
  readonly goodBytes: number;
  /** Bytes behind it: a record that was being written when everything stopped, and that nobody was told of. */
  readonly tornBytes: number;
};

export function eventLines(events: readonly Event[]): Buffer {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

/** Where a journal ends for good, and what hangs on behind that. */
export type JournalEnd = Omit<JournalRead, "events">;

/** All events at once. Throws `JournalDamaged` or `JournalNewer`. Only the last record may be torn. */
export function readJournalBytes(bytes: Buffer, at: { jobId: JobId; file: string }): JournalRead {
  const events: Event[] = [];
  const end = eachEvent(bytes, at, (event) => events.push(event));
  return { events, ...end };
}

/** The same one by one: a long history need not be in memory as a whole. */
export function eachEvent(
  bytes: Buffer,
  at: { jobId: JobId; file: string },
  take: (event: Event) => unknown,
): JournalEnd {
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const found = eventAt(bytes, start, { ...at, line });
    if (found === null) return { goodBytes: start, tornBytes: bytes.length - start };
    take(found.event);
    start = found.end;
  }
  return { goodBytes: start, tornBytes: 0 };
}

/**
 * The events behind the seq `after`, with a turn for everybody else between many. Lines in front of these are counted
 * and not looked into: whoever has reason to doubt them reads from the beginning.
 */
export async function* eventsBehind(
  bytes: Buffer,
  at: { jobId: JobId; file: string },
  { after, breathe }: { readonly after: number; readonly breathe: () => Promise<void> },
): AsyncGenerator<Event, void> {
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    if (line % LINES_AT_ONCE === 0) await breathe();
    const newline = line > after ? -1 : bytes.indexOf(10, start);
    if (newline >= 0) {
      start = newline + 1;
      continue;
    }
    const found = eventAt(bytes, start, { ...at, line });
    if (found === null) return;
    yield found.event;
    start = found.end;
  }
}

const LINES_AT_ONCE = 100;

/** The event that begins there, and where the next one does; null when it is torn. */
function eventAt(
  bytes: Buffer,
  start: number,
  at: { jobId: JobId; file: string; line: number },
): { readonly event: Event; readonly end: number } | null {
  const newline = bytes.indexOf(10, start);
  const end = newline < 0 ? bytes.length : newline;
  const found = newline < 0 ? "it has no end" : parse(bytes.toString("utf8", start, end), at, at.line);
  if (typeof found !== "string") return { event: found, end: end + 1 };
  if (end < bytes.length - 1) throw new JournalDamaged(at, found);
  return null;
}

/** The first event of a journal, whatever follows it; null when even that cannot be read. */
export function readFirstEvent(bytes: Buffer, at: { jobId: JobId; file: string }): Event | null {
  const end = bytes.indexOf(10);
  const found = end < 0 ? "it has no end" : parse(bytes.toString("utf8", 0, end), { ...at, line: 1 }, 1);
  return typeof found === "string" ? null : found;
}

/** The event, or what is wrong with the line. */
function parse(text: string, at: { jobId: JobId; file: string; line: number }, seq: number): Event | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "this is not JSON";
  }
  if (typeof value !== "object" || value === null) return "this is not an event";
  const { v, seq: foundSeq, jobId: foundJob, type, time } = value as Record<string, unknown>;
  if (typeof v !== "number" || typeof type !== "string" || typeof time !== "string") return "this is not an event";
  if (!Number.isInteger(v) || v < 1) return `no event is of version ${v}`;
  if (v > EVENT_VERSION) throw new JournalNewer(at, `this event is of version ${v}`);
  // What it would change nobody here can say: going on without it would be a guess.
  if (!Object.hasOwn(eventSchemas, type)) throw new JournalNewer(at, `this is an event of the type ${type}`);
  if (foundJob !== at.jobId) return `this event belongs to ${shown(foundJob)}`;
  if (foundSeq !== seq) return `seq ${seq} is missing, found ${shown(foundSeq)}`;
  return upcast({ ...value, v });
}

/** Whatever stands there: an object may have a `toString` that is none. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : String(JSON.stringify(value)).slice(0, 200);
}

/** Nothing follows these. */
export function isEnd(event: Event | undefined): boolean {
  return (
    event?.type === "OrchestrationCompleted" ||
    event?.type === "OrchestrationFailed" ||
    event?.type === "OrchestrationCancelled"
  );
}
