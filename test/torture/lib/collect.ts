/** Reads what is left at the end: journals, claims, exit records, logs, the ledger and `/proc`. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { parseClaim, parseExit } from "@aither/supervise";
import type { Event } from "@aither/protocol";
import type { Diary } from "./diary.ts";
import type { AttemptHistory, History, JournalHistory } from "./history.ts";
import { groupsOf, link, marked, names, read } from "./machine.ts";
import { parseLedger } from "./script.ts";

export type Found = Pick<History, "changedByRecovery" | "changedByListing"> & Partial<Pick<History, "groupsLeft">>;

export function collect(state: string, ledger: string, diary: Diary, found: Found): History {
  const folders = jobFolders(state);
  const lines = new Map<string, ReadonlySet<string>>();
  const journals = folders.map(({ jobId, folder }): JournalHistory => {
    const text = read(join(folder, "events.ndjson")) ?? "";
    lines.set(jobId, new Set(text.split("\n")));
    return { jobId, ...journal(text) };
  });
  const { jobs, harms, published, withoutIntent, daemonsAtOnce, unaskedEnds, strayedSignals } = diary;
  return {
    jobs,
    journals,
    lines,
    attempts: folders.flatMap(({ jobId, folder }) => attempts(jobId, join(folder, "scripts"))),
    ledger: parseLedger(read(ledger) ?? ""),
    harms,
    published,
    withoutIntent,
    daemonsAtOnce,
    unaskedEnds,
    strayedSignals,
    alive: [...marked(new Set(folders.map(({ jobId }) => jobId))), ...grouped(state)],
    groupsLeft: [],
    ...found,
  };
}

/** Who has shed every mark is known by its control group. */
function grouped(state: string): History["alive"] {
  return groupsOf(state).flatMap(({ name, pids }) => pids.map((pid) => ({ pid, marker: name.replace(".", "/") })));
}

export function jobFolders(state: string): { jobId: string; folder: string }[] {
  const jobs = join(state, "jobs");
  return names(jobs).flatMap((date) =>
    names(join(jobs, date)).map((jobId) => ({ jobId, folder: join(jobs, date, jobId) })),
  );
}

function journal(text: string): Pick<JournalHistory, "key" | "events"> {
  const lines = text.split("\n").slice(0, -1);
  try {
    const events = lines.map((line) => JSON.parse(line) as Event);
    const first = events[0];
    return { key: first?.type === "OrchestrationQueued" ? first.requestId : null, events };
  } catch {
    return { key: null, events: undefined };
  }
}

function attempts(jobId: string, folder: string): AttemptHistory[] {
  const stems = new Set(names(folder).flatMap((name) => /^(.*\.\d+)\.(?:claim|exit|log)$/.exec(name)?.[1] ?? []));
  return [...stems].map((stem) => {
    const base = join(folder, stem);
    const claim = parseClaim(link(`${base}.claim`) ?? "");
    const result = parseExit(read(`${base}.exit`) ?? "")?.result;
    return {
      marker: `${jobId}/${stem}`,
      claimedAtMs: claim?.kind === "claimed" ? lstatSync(`${base}.claim`).mtimeMs : null,
      fenced: claim?.kind === "fenced",
      code: result?.kind === "exited" ? result.code : undefined,
      log: read(`${base}.log`),
    };
  });
}
