/** A checker that cannot fail checks nothing: each is shown a history that breaks its promise, and one that keeps all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "@aither/protocol";
import type { AttemptHistory, History, JournalHistory } from "../lib/history.ts";
import { codeOf, outputOf, parseLedger, type ScriptSpec } from "../lib/script.ts";
import { checkers, violationsOf } from "./index.ts";

const job = "7f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b";
const other = "8f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b";
const ids = [3, 4];

function spec(id: number): ScriptSpec {
  return { id, lines: 4, sleepMs: 1, idempotent: false };
}

function event(seq: number, fields: object): Event {
  return { v: 1, seq, time: "2026-11-22T10:00:00.000Z", jobId: job, ...fields } as Event;
}

function end(id: number, attempt = 1): object {
  const code = codeOf(id);
  const script = `s${id - 2}/x${id}`;
  return code === 0
    ? { type: "ScriptCompleted", script, attempt, exitCode: 0, endedAtMs: 1 }
    : { type: "ScriptFailed", script, attempt, failure: { kind: "exit", code }, endedAtMs: 1, tolerated: true };
}

const intent = (id: number): object => ({ type: "ScriptScheduled", script: `s${id - 2}/x${id}`, attempt: 1 });

function journalOf(facts: readonly object[], jobId = job): JournalHistory {
  return { jobId, key: "k", events: facts.map((fact, at) => event(at + 1, fact)) };
}

const facts = [
  { type: "OrchestrationQueued", requestId: "k" },
  intent(3),
  end(3),
  intent(4),
  end(4),
  { type: "OrchestrationCompleted" },
];

function attempt(id: number, more: Partial<AttemptHistory> = {}): AttemptHistory {
  const marker = `${job}/s${id - 2}~x${id}.1`;
  return { marker, claimedAtMs: 1_000, fenced: false, code: codeOf(id), log: outputOf(spec(id)), ...more };
}

const ledgerText = ids.flatMap((id) => [`start ${id} ${attempt(id).marker} 9`, `end ${id} ${attempt(id).marker} 9`]);

const good: History = {
  jobs: [
    {
      spec: {
        key: "k",
        stages: ids.map((id) => ({ parallel: false, scripts: [spec(id)] })),
        copies: 2,
        cancelAfterMs: null,
      },
      acked: [job, job],
      cancelAckedAtMs: null,
    },
  ],
  journals: [journalOf(facts)],
  attempts: ids.map((id) => attempt(id)),
  ledger: parseLedger(ledgerText.join("\n")),
  harms: new Map(),
  published: [{ jobId: job, text: '{"seq":1}' }],
  lines: new Map([[job, new Set(['{"seq":1}', '{"seq":2}'])]]),
  withoutIntent: [],
  daemonsAtOnce: 1,
  unaskedEnds: [],
  alive: [],
  groupsLeft: [],
  strayedSignals: [],
  changedByRecovery: [],
  changedByListing: [],
};

const [theJob] = good.jobs;
if (theJob === undefined) throw new Error("the good history has a job");
const cancelFacts = [
  facts[0],
  { type: "OrchestrationCancelRequested" },
  { type: "OrchestrationCancelled" },
] as object[];

/** What is broken, and who must say so. */
const broken: readonly [what: string, checker: string, history: Partial<History>][] = [
  ["a job is forgotten", "I1 acked-never-forgotten", { journals: [] }],
  ["a request became two jobs", "I1 acked-never-forgotten", { journals: [journalOf(facts), journalOf(facts, other)] }],
  ["two answers differ", "I1 acked-never-forgotten", { jobs: [{ ...theJob, acked: [job, other] }] }],
  ["a cancel is forgotten", "I1 acked-never-forgotten", { jobs: [{ ...theJob, cancelAckedAtMs: 5_000 }] }],
  ["a job does not end", "I1 every-job-ends", { journals: [journalOf(facts.slice(0, -1))] }],
  ["a job is never accepted", "I1 every-job-ends", { jobs: [{ ...theJob, acked: [] }] }],
  [
    "an attempt starts twice",
    "I2 at-most-one-start",
    { ledger: parseLedger([ledgerText[0], ...ledgerText].join("\n")) },
  ],
  [
    "a second attempt runs although the first had",
    "I2 at-most-one-start",
    { ledger: parseLedger([...ledgerText, `start 3 ${job}/s1~x3.2 9`].join("\n")) },
  ],
  [
    "a harmed attempt still runs when the next begins",
    "I2 at-most-one-start",
    {
      harms: new Map(),
      ledger: parseLedger([ledgerText[0], `start 3 ${job}/s1~x3.2 9`].join("\n")),
    },
  ],
  ["a fenced attempt ran", "I2 at-most-one-start", { attempts: [attempt(3, { fenced: true }), attempt(4)] }],
  [
    "a script ends twice",
    "I2 at-most-one-start",
    { journals: [journalOf([...facts.slice(0, 3), end(3, 2), ...facts.slice(3)])] },
  ],
  ["a script never runs", "I2 every-script-runs", { ledger: parseLedger(ledgerText.slice(0, 2).join("\n")) }],
  [
    "a wrong code is recorded",
    "I3 codes-are-true",
    { journals: [journalOf([...facts.slice(0, 4), { ...end(3), script: "s2/x4" }, ...facts.slice(5)])] },
  ],
  [
    "an unharmed script is interrupted",
    "I3 codes-are-true",
    {
      journals: [
        journalOf([
          ...facts.slice(0, 4),
          { type: "ScriptFailed", script: "s2/x4", attempt: 1, failure: { kind: "interrupted", evidence: "" } },
          ...facts.slice(5),
        ]),
      ],
    },
  ],
  [
    "a code that was recorded is not believed",
    "I3 codes-are-true",
    {
      harms: new Map([[attempt(4).marker, new Set(["wrapper"] as const)]]),
      journals: [
        journalOf([
          ...facts.slice(0, 4),
          { type: "ScriptFailed", script: "s2/x4", attempt: 1, failure: { kind: "interrupted", evidence: "" } },
          ...facts.slice(5),
        ]),
      ],
    },
  ],
  ["an exit record is missing", "I3 codes-are-true", { attempts: [attempt(3, { code: undefined }), attempt(4)] }],
  ["an exit record lies", "I3 codes-are-true", { attempts: [attempt(3, { code: 1 }), attempt(4)] }],
  [
    "the end of a log is missing",
    "I4 logs-are-whole",
    { attempts: [attempt(3, { log: "3 line 0 äöü\n" }), attempt(4)] },
  ],
  ["a log is out of order", "I4 logs-are-whole", { attempts: [attempt(3, { log: "3 line 1 äöü\n" }), attempt(4)] }],
  [
    "a seq is missing",
    "I5 journals-are-whole",
    { journals: [{ ...journalOf(facts), events: [event(1, facts[0] ?? {}), event(3, facts[1] ?? {})] }] },
  ],
  ["a journal is unreadable", "I5 journals-are-whole", { journals: [{ jobId: job, key: null, events: undefined }] }],
  ["a job ends twice", "I5 journals-are-whole", { journals: [journalOf([...facts, { type: "OrchestrationFailed" }])] }],
  ["a client was shown a dream", "I5 journals-are-whole", { published: [{ jobId: job, text: "dream" }] }],
  ["a client misses a fact", "I5 journals-are-whole", { published: [{ jobId: job, text: '{"seq":2}' }] }],
  [
    "a client is shown a fact twice",
    "I5 journals-are-whole",
    { published: [1, 2].map(() => ({ jobId: job, text: '{"seq":1}' })) },
  ],
  ["a claim without an intent", "I5 journals-are-whole", { withoutIntent: ["m"] }],
  [
    "a stage begins too early",
    "I6 stages-in-order",
    { ledger: parseLedger([ledgerText[0], ledgerText[2], ledgerText[1], ledgerText[3]].join("\n")) },
  ],
  [
    "a claim after a cancel",
    "I7 no-start-after-cancel",
    {
      jobs: [{ ...theJob, cancelAckedAtMs: 900 }],
      journals: [journalOf(cancelFacts)],
    },
  ],
  [
    "an intent after a cancel",
    "I7 no-start-after-cancel",
    { journals: [journalOf([...cancelFacts.slice(0, 2), intent(3), ...cancelFacts.slice(2)])] },
  ],
  ["a process is left", "I8 nothing-left-behind", { alive: [{ pid: 9, marker: attempt(3).marker }] }],
  ["a control group is left", "I8 nothing-left-behind", { groupsLeft: ["g"] }],
  ["a stranger is hit", "I9 no-strayed-signals", { strayedSignals: ["SIGTERM"] }],
  ["two daemons", "I10 one-daemon", { daemonsAtOnce: 2 }],
  ["a daemon ends by itself", "I10 one-daemon", { unaskedEnds: ["70"] }],
  ["recovery writes", "I11 recovery-is-idempotent", { changedByRecovery: ["p"] }],
  ["a look writes", "I12 looking-never-writes", { changedByListing: ["p"] }],
];

test("a history that keeps every promise is believed", () => {
  assert.deepEqual(violationsOf(good), []);
});

for (const [what, checker, change] of broken) {
  test(`${what}: ${checker}`, () => {
    const found = violationsOf({ ...good, ...change });
    assert.ok(
      found.some((violation) => violation.checker === checker),
      JSON.stringify(found),
    );
  });
}

test("every checker is shown something that it must refuse", () => {
  const shown = new Set(broken.map(([, checker]) => checker));
  assert.deepEqual(
    checkers.map(({ name }) => name).filter((name) => !shown.has(name)),
    [],
  );
});

test("what we did to a script ourselves excuses its end, and nobody else's", () => {
  const interrupted = {
    type: "ScriptFailed",
    script: "s2/x4",
    attempt: 1,
    failure: { kind: "interrupted", evidence: "" },
  };
  const journals = [journalOf([...facts.slice(0, 4), interrupted, ...facts.slice(5)])];
  const attempts = [attempt(3), attempt(4, { code: undefined })];
  const harmed = (marker: string): History => ({
    ...good,
    journals,
    attempts,
    harms: new Map([[marker, new Set(["wrapper" as const])]]),
  });
  assert.deepEqual(violationsOf(harmed(attempt(4).marker)), []);
  assert.ok(violationsOf(harmed(attempt(3).marker)).some(({ checker }) => checker === "I3 codes-are-true"));
});
