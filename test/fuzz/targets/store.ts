/** What lies on disk: journals, indexes, claims, exit records, documents. Damage is a value or a named error. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import fc from "fast-check";
import { evolve, type JobState } from "@aither/core";
import type { Event } from "@aither/protocol";
import {
  formatClaim,
  offsetSince,
  parseClaim,
  parseExit,
  readCut,
  readIndex,
  signalOfCode,
  timeOfOffset,
  attemptFiles,
} from "@aither/supervise";
import { readService } from "@aither/client/node";
import { parseStat } from "../../../packages/supervise/src/identity.ts";
import { parsePs } from "../../../packages/supervise/src/process-list.ts";
import { parseCursor } from "../../../daemon/src/api/logs/cursor.ts";
import { JournalDamaged, JournalNewer } from "../../../daemon/src/store/errors.ts";
import { endsWithNewline, IndexDamaged, linesBackwards } from "../../../daemon/src/store/index-lines.ts";
import { eventLines, eventsBehind, readFirstEvent, readJournalBytes } from "../../../daemon/src/store/journal-text.ts";
import { encodeKey, isJobId } from "../../../daemon/src/store/layout.ts";
import { leftOutLine } from "../../../daemon/src/store/left-out.ts";
import { readOriginNow } from "../../../daemon/src/store/origin.ts";
import { oddValue } from "../lib/schema.ts";
import { fileWith } from "../lib/scratch.ts";
import { stable, target, told, type Target, type Told } from "../lib/target.ts";
import { bytesOf, isWellFormed, sentences } from "../lib/text.ts";
import { realJournal } from "../lib/journal.ts";

const journal = realJournal();
const jobId = journal[0]!.jobId;
const isDamage = (error: unknown): boolean => error instanceof JournalDamaged || error instanceof JournalNewer;

/** Lines of a real journal with one thing wrong: a field, a line, the order, a byte. */
const damaged: fc.Arbitrary<Buffer> = fc.oneof(
  fc.array(fc.tuple(fc.nat(journal.length - 1), fc.nat(30), oddValue), { maxLength: 3 }).map((changes) => {
    const events = journal.map((event) => ({ ...event })) as Record<string, unknown>[];
    for (const [at, field, value] of changes) {
      const names = Object.keys(events[at]!);
      events[at]![names[field % names.length]!] = value;
    }
    return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  }),
  fc.tuple(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([at, length, bytes]) => {
    const whole = eventLines(journal as Event[]);
    const from = at % whole.length;
    return Buffer.concat([whole.subarray(0, from), bytes, whole.subarray(from + (length % 5))]);
  }),
  fc.shuffledSubarray([...journal], { minLength: 0 }).map((events) => eventLines(events as Event[])),
  bytesOf(
    sentences([
      '{"v":1,"seq":1,',
      `"jobId":"${jobId}",`,
      '"type":"x","time":"y"}',
      "\n",
      "{}",
      "null",
      '"v":0',
      '"v":1e999',
      '"v":-1',
      "[]",
    ]),
  ),
);

const claimWords = [
  "v1 ",
  "fence ",
  "claimed",
  "-",
  " ",
  "1",
  "12345",
  "0",
  "\n",
  "9".repeat(400),
  "01890a5d-ac96",
  "abc",
  "v2 ",
];
const exitWords = [
  "exit ",
  "0",
  "1",
  "137",
  "300",
  " .",
  "\n",
  "setup:cwd",
  "0m0.001s ",
  "0m0,5s",
  "9".repeat(400),
  "exit 0 .\n",
  "1e3",
  "-1",
  "x",
];
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  sentences(["build", "/", "[0]", "..", ".", "~", "%", "%2F", "a", "A", "é", "e\u0301"]),
);

async function refold(bytes: Buffer): Promise<void> {
  const result = told(() => readJournalBytes(bytes, { jobId, file: "f" }), isDamage);
  const [whole, half] = [await oneByOne(bytes, 0), await oneByOne(bytes, journal.length >> 1)];
  if (!("gave" in result)) return assert.equal(whole.threw, result.threw, "damage is not seen one by one");
  const { events, goodBytes, tornBytes } = result.gave as ReturnType<typeof readJournalBytes>;
  assert.equal(goodBytes + tornBytes, bytes.length);
  assert.ok(
    events.every(({ seq }, at) => seq === at + 1),
    "seq has a gap",
  );
  assert.deepEqual(whole, { events, threw: null });
  assert.deepEqual(half, { events: events.slice(journal.length >> 1), threw: null });
  const again = readJournalBytes(bytes.subarray(0, goodBytes), { jobId, file: "f" });
  assert.equal(again.tornBytes, 0);
  assert.deepEqual(again.events, events);
  readFirstEvent(bytes, { jobId, file: "f" });
}

async function oneByOne(bytes: Buffer, after: number): Promise<{ events: Event[]; threw: string | null }> {
  const events: Event[] = [];
  try {
    const options = { after, breathe: async () => undefined };
    for await (const event of eventsBehind(bytes, { jobId, file: "f" }, options)) events.push(event);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { events, threw: String(error) };
  }
  return { events, threw: null };
}

export const storeTargets: readonly Target[] = [
  target("store/journal", {
    covers: ["readJournalBytes", "eventsBehind", "readFirstEvent", "eventLines"],
    share: 10,
    arbitrary: damaged,
    property: refold,
  }),
  target("store/fold", {
    covers: ["evolve"],
    share: 3,
    arbitrary: damaged,
    // An event that is well formed and wrong is damage, too: whoever folds says so, and nothing else goes wrong.
    property: (bytes) => {
      const result = told(() => readJournalBytes(bytes, { jobId, file: "f" }), isDamage);
      if (!("gave" in result)) return;
      let state: JobState | null = null;
      for (const event of (result.gave as ReturnType<typeof readJournalBytes>).events) {
        const before: string = JSON.stringify(state);
        const after: Told = told(
          () => evolve(state, event),
          () => true,
        );
        assert.equal(JSON.stringify(state), before, "a fold changes what it is given");
        if ("threw" in after) return;
        state = after.gave as JobState;
      }
    },
  }),
  target("store/index", {
    covers: ["linesBackwards", "endsWithNewline"],
    share: 2,
    arbitrary: bytesOf(
      sentences([
        '{"number":1,"top":1,"jobId":"a"}\n',
        '{"removed":"a","number":1,"top":2}\n',
        "\n",
        "{",
        "null\n",
        "[]\n",
        "1\n",
        '{"number":"1"}',
        "x",
      ]),
    ),
    property: async (bytes) => {
      const file = fileWith("index.ndjson", bytes);
      let lines = 0;
      try {
        for await (const line of linesBackwards(file)) {
          lines += 1;
          assert.equal(typeof line.number, "number");
        }
      } catch (error) {
        if (!(error instanceof IndexDamaged)) throw error;
      }
      assert.ok(lines <= bytes.filter((byte) => byte === 10).length);
      assert.equal(await endsWithNewline(file), bytes.length === 0 || bytes.at(-1) === 10);
    },
  }),
  target("store/claim", {
    covers: ["parseClaim"],
    share: 150,
    arbitrary: sentences(claimWords),
    property: (text) => {
      const claim = stable(() => parseClaim(text));
      if (claim === undefined) return;
      if (claim.kind === "claimed")
        assert.ok(Number.isSafeInteger(claim.process.pid) && claim.process.pid > 0, `pid ${claim.process.pid}`);
      assert.deepEqual(parseClaim(formatClaim(claim)), claim);
    },
  }),
  target("store/exit", {
    covers: ["parseExit", "signalOfCode"],
    share: 100,
    arbitrary: sentences(exitWords),
    property: (text) => {
      const record = stable(() => parseExit(text));
      if (record === undefined) return;
      assert.ok(Number.isFinite(record.userMs) && Number.isFinite(record.systemMs), "its CPU time is no number");
      if (record.result.kind === "exited") {
        const { code, signal } = record.result;
        assert.ok(Number.isSafeInteger(code) && code >= 0, `exit code ${code}`);
        assert.equal(signalOfCode(code), signal);
      }
    },
  }),
  target("store/tail-index", {
    covers: ["readIndex", "timeOfOffset", "offsetSince"],
    share: 4,
    arbitrary: fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.double({ noNaN: true })),
    property: ([bytes, offset, since]) => {
      const records = readIndex(fileWith("x.idx", bytes));
      assert.equal(records.length, Math.floor(bytes.length / 16));
      const time = timeOfOffset(records, offset);
      assert.ok(time === undefined || Number.isFinite(time.timeUs));
      assert.ok(Number.isFinite(offsetSince(records, since)));
    },
  }),
  target("store/small-files", {
    covers: ["readCut", "readService", "readOriginNow"],
    share: 2,
    arbitrary: fc.oneof(
      sentences([
        "v1 ",
        "0 ",
        "65536",
        "\n",
        "-",
        "9".repeat(30),
        "{}",
        "null",
        '{"env":{},"umask":"0022"}',
        '{"manager":"launchd","name":"x"}',
        "[",
      ]),
      oddValue.map((value) => JSON.stringify(value) ?? ""),
    ),
    property: async (text) => {
      const cut = await readCut(attemptFiles(dirname(fileWith("x.cut", text)), "x"));
      assert.ok(
        cut === undefined || (Number.isSafeInteger(cut.from) && Number.isSafeInteger(cut.to)),
        "a cut that is no place",
      );
      const service = readService(dirname(fileWith("service.json", text)));
      assert.ok(service === null || /^[\w.@-]+$/.test(service.name));
      told(
        () => readOriginNow(dirname(fileWith("env.json", text))),
        (error) => error instanceof Error && !(error instanceof TypeError),
      );
    },
  }),
  target("store/proc-stat", {
    covers: ["parseStat", "parsePs"],
    share: 100,
    arbitrary: sentences(["1 ", "(sh)", "(a) b)", " S", " 1 2 3", " 0".repeat(16), "\n", ")", "("]),
    property: (text) => {
      stable(() => parseStat(text));
      stable(() => parsePs(text));
    },
  }),
  target("store/keys", {
    covers: ["encodeKey", "isJobId"],
    share: 6,
    arbitrary: fc.tuple(key, key),
    property: ([a, b]) => {
      const [one, other] = [encodeKey(a), encodeKey(b)];
      assert.match(one, /^[A-Za-z0-9_~%.-]*$/);
      assert.ok(one.length <= 100 && !one.startsWith("."));
      if (isWellFormed(a) && isWellFormed(b)) assert.equal(one === other, a === b, "two keys meet in one name");
      if (isJobId(a)) assert.ok(!/[/.]/.test(a));
    },
  }),
  target("store/cursor", {
    covers: ["parseCursor", "leftOutLine"],
    share: 80,
    arbitrary: sentences(["build/0402", "#1", "#", ".err", ":", "0", "123", ",", "9".repeat(20), "[0]", "a:b"]),
    property: (text) => {
      const cursor = stable(() => parseCursor(text));
      for (const offset of cursor?.values() ?? []) {
        assert.ok(Number.isSafeInteger(offset));
        assert.equal(typeof leftOutLine(offset), "string");
      }
    },
  }),
];
