import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event, JobDetail } from "@aither/protocol";
import { ago, between, duration } from "./duration.ts";
import { document } from "./json.ts";
import { Lines, plain } from "./line.ts";
import { Story } from "./progress.ts";
import { table } from "./table.ts";
import { theme, wantsColor } from "./theme.ts";
import { jobTree, scriptTitle } from "./tree.ts";
import { cut, width } from "./width.ts";

const bare = theme({ color: false });

test("durations and ages for people", () => {
  const lengths = [0, 40, 949, 951, 12_400, 59_400, 59_600, 72_000, 7_500_000, 273_600_000, -5];
  assert.deepEqual(lengths.map(duration), [
    "0.0s",
    "0.0s",
    "0.9s",
    "1s",
    "12s",
    "59s",
    "1m00s",
    "1m12s",
    "2h05m",
    "3d4h",
    "0.0s",
  ]);
  assert.deepEqual([-9, 4_999, 12_000, 200_000, 7_200_000, 500_000_000].map(ago), [
    "just now",
    "just now",
    "12s ago",
    "3m ago",
    "2h ago",
    "5d ago",
  ]);
  assert.equal(between(null, null, 5), "");
  assert.equal(between("2026-01-01T00:00:00.000Z", "2026-01-01T00:01:12.000Z", 0), "1m12s");
});

test("colour: the flag, then FORCE_COLOR, then NO_COLOR unless empty, then the terminal", () => {
  const terminal = { isTerminal: true };
  assert.ok(wantsColor({}, terminal));
  assert.ok(!wantsColor({}, { isTerminal: false }));
  assert.ok(!wantsColor({ TERM: "dumb" }, terminal));
  assert.ok(!wantsColor({ NO_COLOR: "1" }, terminal));
  assert.ok(wantsColor({ NO_COLOR: "" }, terminal));
  assert.ok(wantsColor({ NO_COLOR: "1", FORCE_COLOR: "1" }, { isTerminal: false }));
  assert.ok(!wantsColor({ FORCE_COLOR: "0" }, terminal));
  assert.ok(!wantsColor({ FORCE_COLOR: "1" }, { isTerminal: true, flag: "never" }));
});

test("widths: escape codes take no room, wide letters two; a cut text ends with its sign", () => {
  assert.equal(width("\u001b[31mred\u001b[0m ✓"), 5);
  assert.equal(width("日本"), 4);
  assert.equal(width("e\u0301"), 1);
  assert.equal(cut("日本語", 5), "日本…");
  assert.equal(cut("short", 5), "short");
});

test("tables: columns line up, the flexible one gives way, nothing trails", () => {
  const head = [{ title: "N", right: true }, { title: "NAME", flexible: true }, { title: "END" }];
  const rows = [
    ["1", "a very long name indeed", "✓"],
    ["10", "日本", "✗"],
  ];
  assert.deepEqual(table(head, rows), [
    " N  NAME                     END",
    " 1  a very long name indeed  ✓",
    "10  日本                     ✗",
  ]);
  assert.deepEqual(table(head, rows, { columns: 15 })[0], " N  NAME");
  assert.ok(table(head, rows, { columns: 22 }).every((line) => width(line) <= 22));
});

test("output lines: carriage returns, cursor moves and titles go; colours stay only when wanted, and end", () => {
  assert.equal(plain("10%\r50%\r100%", { color: false }), "100%");
  assert.equal(plain("done\r", { color: false }), "done");
  assert.equal(plain("\u001b[2J\u001b]0;title\u0007a\u001b[31mb\u001b[0mc\u0007\u001b[1A", { color: false }), "abc");
  assert.equal(plain("\u009b2Ja\u009b31mb\u0085c", { color: false }), "abc", "the short form of an escape sequence");
  assert.equal(plain("\u001b[31mred\u001b[2K", { color: true }), "\u001b[31mred\u001b[0m");
  assert.equal(plain("tab\there", { color: false }), "tab\there");
});

test("pieces become lines, each script's apart; what has no line feed waits", () => {
  const lines = new Lines();
  assert.deepEqual(lines.push("a", "on"), []);
  assert.deepEqual(lines.push("b", "x\ny"), ["x"]);
  assert.deepEqual(lines.push("a", "e\ntwo\n"), ["one", "two"]);
  assert.deepEqual(lines.end("b"), ["y"]);
  assert.deepEqual(lines.endAll(), []);
});

test("a script's title has its number once", () => {
  assert.equal(scriptTitle({ number: "0402", name: "0402_Run-Tests" }), "[0402] Run-Tests");
  assert.equal(scriptTitle({ number: null, name: "Say hello" }), "Say hello");
  assert.equal(scriptTitle({ number: "0402", name: "0402" }), "[0402]");
});

test("a document says its version first", () => {
  assert.equal(document({ a: 1 }), '{\n  "apiVersion": "aither/v1",\n  "a": 1\n}\n');
});

const script = (name: string, status: string, more: object = {}) => ({
  key: `s/${name}`,
  name,
  number: null,
  kind: "inline",
  status,
  reason: "",
  exitCode: null,
  attempts: [],
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: null,
  ...more,
});

test("a job as a tree", () => {
  const stage = (name: string, status: string, legs: unknown[], more: object = {}) => ({
    id: name,
    name,
    needs: [],
    status,
    reason: "",
    legs,
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: null,
    ...more,
  });
  const job = {
    number: 42,
    name: "",
    playbook: "demo",
    status: "Running",
    reason: "",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: null,
    stages: [
      stage(
        "Build",
        "Completed",
        [{ name: "", scripts: [script("one", "Completed", { endedAt: "2026-01-01T00:00:02.000Z" })] }],
        { endedAt: "2026-01-01T00:00:02.000Z" },
      ),
      stage("Test", "Running", [
        { name: "os=linux", status: "Running", scripts: [script("t", "Running")] },
        {
          name: "os=mac",
          status: "Failed",
          scripts: [script("t", "Failed", { exitCode: 3, endedAt: "2026-01-01T00:00:09.000Z" })],
        },
      ]),
      stage("Ship", "Pending", [], { startedAt: null, reason: "waits for Test" }),
    ],
  } as unknown as JobDetail;
  assert.deepEqual(jobTree(job, { theme: bare, nowMs: Date.parse("2026-01-01T00:00:10.000Z") }), [
    "#42 demo  Running  10s",
    "✓ Build (2s)",
    "  └─ ✓ one (2s)",
    "⟳ Test (10s)",
    "  ⟳ [os=linux] (10s)",
    "  ✗ [os=mac] (9s)",
    "    └─ ✗ t (9s) — exit code 3",
    "◯ Ship — waits for Test",
  ]);
});

test("a job as a story: stages, legs, retries; a lone script is told by its stage", () => {
  const story = new Story(bare);
  const plan = (key: string, name: string) => ({ key, name, number: null });
  const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  const events = [
    {
      type: "OrchestrationQueued",
      time: at(0),
      plan: {
        stages: [
          { id: "a", name: "Lint", legs: [{ name: "", scripts: [plan("a/x", "lint")] }] },
          {
            id: "b",
            name: "Test",
            legs: [
              { name: "os=l", scripts: [plan("b[0]/x", "t"), plan("b[0]/y", "u")] },
              { name: "os=m", scripts: [] },
            ],
          },
        ],
      },
    },
    { type: "StageStarted", stage: "a", time: at(0) },
    { type: "ScriptStarted", script: "a/x", attempt: 1, time: at(0) },
    {
      type: "ScriptRetried",
      script: "a/x",
      attempt: 1,
      time: at(1),
      retryAtMs: Date.parse(at(3)),
      failure: { kind: "exit", code: 1 },
    },
    { type: "ScriptStarted", script: "a/x", attempt: 2, time: at(3) },
    { type: "ScriptCompleted", script: "a/x", attempt: 2, time: at(4) },
    { type: "StageCompleted", stage: "a", time: at(4) },
    { type: "StageStarted", stage: "b", time: at(4) },
    { type: "StageStarted", stage: "b", leg: "os=l", time: at(4) },
    { type: "ScriptStarted", script: "b[0]/x", attempt: 1, time: at(4) },
    { type: "ScriptFailed", script: "b[0]/x", attempt: 1, time: at(76), failure: { kind: "timeout", afterMs: 72_000 } },
    { type: "ScriptSkipped", script: "b[0]/y", kind: "dependency", reason: "t failed", time: at(76) },
    { type: "StageFailed", stage: "b", leg: "os=l", reason: "t failed", time: at(76) },
    { type: "SomethingNew", time: at(77) },
  ] as unknown as Event[];
  assert.deepEqual(
    events.flatMap((event) => story.tell(event)),
    [
      "⟳ Lint",
      "  ↻ lint (1s) — exit code 1; tried again in 2s",
      "✓ Lint (4s)",
      "⟳ Test (2 legs)",
      "  ⟳ [os=l]",
      "  ✗ t (1m12s) — timed out after 1m12s",
      "  – u — t failed",
      "  ✗ [os=l] (1m12s) — t failed",
    ],
  );
  assert.equal(story.label("b[0]/x"), "Test [os=l] › t");
});
