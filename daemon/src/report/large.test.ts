import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobDetail, LegView, ScriptStatus, ScriptView, StageView } from "@aither/protocol";
import { formats, textOf } from "./formats.ts";
import type { Report, ReportScript } from "./report.ts";

/** A report of so many scripts, each of which wrote much; every tenth failed. */
function large(count: number): Report {
  const at = (seconds: number): string => new Date(1_700_000_000_000 + seconds * 1_000).toISOString();
  const scripts = Array.from({ length: count }, (_, index): ReportScript => {
    const status: ScriptStatus = index % 10 === 3 ? "Failed" : "Completed";
    const exitCode = status === "Failed" ? 1 : 0;
    const times = { startedAt: at(index), endedAt: at(index + 2) };
    const failure = status === "Failed" ? ({ kind: "exit", code: 1 } as const) : null;
    const view: ScriptView = {
      key: `s${index % 50}/n${index}`,
      name: `Script ${index}`,
      number: null,
      kind: "inline",
      status,
      exitCode,
      reason: "",
      continueOnError: false,
      outputs: {},
      ...times,
      attempts: [
        {
          attempt: 1,
          status,
          pid: 1,
          exitCode,
          failure,
          ...times,
        },
      ],
    };
    return { view, key: view.key, hasStderr: false, isOver: true, isTolerated: false };
  });
  const stages = Array.from({ length: 50 }, (_, index) => {
    const own = scripts.filter((_, place) => place % 50 === index);
    const leg: LegView = { name: "", matrix: {}, status: "Completed", scripts: own.map(({ view }) => view) };
    const view: StageView = {
      id: `s${index}`,
      name: `Stage ${index}`,
      needs: [],
      status: "Completed",
      reason: "",
      continueOnError: false,
      legs: [leg],
      startedAt: at(0),
      endedAt: at(count),
    };
    return { view, legs: [{ view: leg, scripts: own }], isFailedAlone: false };
  });
  const counts = { total: count, pending: 0, running: 0, completed: count, failed: 0, skipped: 0, cancelled: 0 };
  const job: JobDetail = {
    apiVersion: "aither/v1",
    jobId: "11111111-2222-4333-8444-555555555555",
    number: 1,
    name: "l",
    playbook: "l",
    workspace: "/w",
    status: "Failed",
    reason: "",
    queuedAt: at(0),
    startedAt: at(0),
    endedAt: at(count),
    counts,
    parent: null,
    seq: 1,
    format: "v3-jobs",
    file: null,
    profile: null,
    variables: {},
    exitCode: 1,
    restartRequired: false,
    notEnforced: [],
    stages: stages.map(({ view }) => view),
  };
  return {
    job,
    stages,
    results: stages.map(({ view, legs }) => ({
      name: view.name,
      reason: null,
      result: "success" as const,
      steps: [],
      outputs: {},
      keys: legs.flatMap((leg) => leg.scripts.map(({ key }) => key)),
    })),
    conclusion: "failure",
    hasEnded: true,
    isFailedAlone: false,
    madeAt: at(count),
    madeBy: "0",
    scripts: new Map(scripts.map((script) => [script.key, script])),
    attempts: count,
    // As much as it is allowed to show, in lines of 100 bytes.
    logs: async function* logs(script, bytesMax) {
      const lines = Array.from({ length: Math.floor(bytesMax / 100) }, () => `\u001b[32m${"x".repeat(90)}\u001b[0m`);
      yield { script, attempt: 1, stream: "out", lines };
    },
    annotationsIn: (lines) =>
      lines.map((line) => ({
        level: "warning",
        message: line,
        title: line,
        file: line,
        line: 1,
        endLine: null,
        col: null,
        endColumn: null,
      })),
    summaryOf: async () => "",
  };
}

test("a job of 5,000 scripts that wrote much has reports that are bounded, and none is left out", async () => {
  const report = large(5_000);
  const sizes: Record<string, number> = {};
  for (const [name, { write }] of Object.entries(formats)) {
    const text = await textOf(write(report));
    sizes[name] = text.length;
    if (name === "html") assert.equal(text.split('<details class="script"').length - 1, 5_000);
    if (name === "junit") assert.equal(text.split("<testcase ").length - 1, 5_000);
    if (name === "html") assert.ok(text.split('<span class="track"><span class="bar').length - 1 <= 200, "bars");
  }
  // Escape sequences become elements, which are longer.
  assert.ok(sizes["html"]! < 30_000_000, JSON.stringify(sizes));
  assert.ok(sizes["junit"]! < 30_000_000, JSON.stringify(sizes));
  assert.ok(sizes["json"]! < 150_000_000, JSON.stringify(sizes));
  assert.ok(sizes["md"]! < 2_000_000, JSON.stringify(sizes));
});
