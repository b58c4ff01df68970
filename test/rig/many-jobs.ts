/** A long history: copies of one finished job, folders and index lines as the store writes them, in seconds. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type ManyJobs = {
  /** `.orchestration-jobs` of a home whose daemon is stopped, with one finished job in it. */
  readonly state: string;
  readonly count: number;
};

type Entry = {
  readonly jobId: string;
  readonly number: number;
  readonly name: string;
  readonly playbook: string;
  readonly date: string;
};

/** Names of playbooks take turns. */
export const playbooksOfHistory = 20;
/** A link to a file has its limits, too. */
const LINKS_MAX = 10_000;
const EVERY_MS = 60_000;
const derived = ["plan.json", "metadata.json", "result.json", "env.json"] as const;

/** One job a minute up to now, each twentieth failed. The journals are real; what is derived from them is shared. */
export function writeManyJobs({ state, count }: ManyJobs): readonly Entry[] {
  const [file = ""] = readdirSync(join(state, "index"));
  const [line = ""] = readFileSync(join(state, "index", file), "utf8").split("\n");
  const first = JSON.parse(line) as Entry;
  const source = join(state, "jobs", first.date, first.jobId);
  const events = readFileSync(join(source, "events.ndjson"), "utf8");
  const months = new Map<string, string[]>();
  const entries: Entry[] = [];
  const fromMs = Date.now() - count * EVERY_MS;
  let template = source;
  for (let index = 0; index < count; index += 1) {
    const entry = entryOf(first, { index, atMs: fromMs + index * EVERY_MS });
    const folder = join(state, "jobs", entry.date, entry.jobId);
    mkdirSync(join(folder, "scripts"), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "events.ndjson"), eventsOf(events, first, entry), { mode: 0o600 });
    for (const name of derived) {
      if (index % LINKS_MAX === 0) writeFileSync(join(folder, name), readFileSync(join(source, name)), { mode: 0o600 });
      else linkSync(join(template, name), join(folder, name));
    }
    if (index % LINKS_MAX === 0) template = folder;
    const month = entry.endedAt.slice(0, 7);
    months.set(month, months.get(month) ?? []);
    months.get(month)!.push(`${JSON.stringify(entry)}\n`);
    entries.push(entry);
  }
  const newest = { ...first, number: count + 1, top: count + 1 };
  months.get(file.slice(0, 7))?.push(`${JSON.stringify(newest)}\n`);
  for (const [month, lines] of months) {
    writeFileSync(join(state, "index", `${month}.ndjson`), lines.join(""), { mode: 0o600 });
  }
  return entries;
}

function entryOf(first: Entry, { index, atMs }: { index: number; atMs: number }) {
  const at = (ms: number): string => new Date(atMs + ms).toISOString();
  const playbook = `playbook-${index % playbooksOfHistory}`;
  return {
    ...first,
    jobId: randomUUID(),
    number: index + 1,
    name: playbook,
    playbook,
    status: index % 20 === 7 ? "Failed" : "Completed",
    queuedAt: at(0),
    startedAt: at(10),
    endedAt: at(1_000),
    date: at(0).slice(0, 10),
    top: index + 1,
  };
}

/** The journal of another job: ids and numbers are told in it. */
function eventsOf(events: string, first: Entry, { jobId, number }: Entry): string {
  return events.replaceAll(first.jobId, jobId).replace(`"number":${first.number},`, `"number":${number},`);
}
