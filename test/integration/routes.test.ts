import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { contracts } from "@aither/protocol/contracts";
import { routes, type JobDetail, type JobSummary, type Reply, type RouteName } from "@aither/protocol";
import { Ajv } from "ajv";
import { ask, type Answer, type Ask } from "./lib/http.ts";
import { Lab } from "./lib/lab.ts";

/** Every call of the contract, walked against store, engine and executor as they are. */

/** A v3 playbook as text. `jobs` maps a stage to the text of its one script, or to what else it is. */
function v3(name: string, jobs: Readonly<Record<string, string | object>>): string {
  const stages = Object.entries(jobs).map(([id, job]) => [
    id,
    typeof job === "string" ? { steps: [{ name: `${id} script`, script: job }] } : job,
  ]);
  return JSON.stringify({ metadata: { name }, orchestration: { jobs: Object.fromEntries(stages) } });
}

const walk = v3("walk", {
  first: { steps: [{ name: "good", script: "echo $GREETING; echo kept > $AITHER_ARTIFACTS/kept" }] },
  second: { needs: ["first"], steps: [{ name: "bad", script: "exit ${CODE:-3}" }] },
});

async function workspace(lab: Lab): Promise<string> {
  const folder = join(lab.root, "w");
  await mkdir(join(folder, "playbooks"), { recursive: true });
  await mkdir(join(folder, "automation-scripts"));
  await writeFile(join(folder, "playbooks/walk.json"), walk);
  await writeFile(join(folder, "automation-scripts/0402_Say-Hello.sh"), "#!/bin/sh\n# says hello\necho hello\n");
  return folder;
}

function env(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: "/nowhere", ...extra };
}

const ajv = new Ajv({ strict: false });

/** Asks, and holds the answer against the contract. */
async function call(lab: Lab, name: RouteName, path: string, how: Ask = {}): Promise<Answer> {
  const answer = await ask(lab.socket, path, { method: routes[name].method, ...how });
  assert.equal(answer.status, contracts[name].status, `${name}: ${answer.text}`);
  const contract = contracts[name];
  if ("reply" in contract) {
    const validate = ajv.compile(JSON.parse(JSON.stringify(contract.reply)));
    assert.ok(validate(answer.body), `${name}: ${ajv.errorsText(validate.errors)}\n${answer.text}`);
  }
  walked.add(name);
  return answer;
}

const walked = new Set<RouteName>();

async function start(
  lab: Lab,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply<"startJob">> {
  return (await call(lab, "startJob", "/api/orchestrate", { body, headers })).body as unknown as Reply<"startJob">;
}

async function wait(lab: Lab, id: string): Promise<JobDetail> {
  return (await call(lab, "waitJob", `/api/jobs/${id}/wait`)).body as unknown as JobDetail;
}

test("a job from its start to its removal", async () => {
  await using lab = await Lab.create();
  const folder = await workspace(lab);
  const started = await start(lab, { playbook: "walk", workspace: folder, env: env({ GREETING: "hi" }) });
  assert.equal(started.number, 1);
  const ended = await wait(lab, started.jobId);
  assert.deepEqual([ended.status, ended.exitCode, ended.name], ["Failed", 1, "walk"]);

  const shown = await call(lab, "showJob", "/api/jobs/1");
  const { artifacts, ...rest } = shown.body as unknown as JobDetail;
  assert.deepEqual(rest, ended);
  assert.equal(artifacts?.length, 1);
  const listed = await call(lab, "listJobs", "/api/jobs?status=failed,completed&text=WALK&limit=10");
  assert.deepEqual(
    (listed.body as unknown as { jobs: JobSummary[] }).jobs.map(({ jobId }) => jobId),
    [started.jobId],
  );
  assert.equal((await call(lab, "jobEvents", "/api/jobs/1/events")).text.split("\n").length, ended.seq + 1);
  assert.equal((await call(lab, "jobLogs", "/api/jobs/1/logs")).text, "hi\n");
  const kept = await call(lab, "listArtifacts", "/api/jobs/1/artifacts");
  const names = (kept.body as unknown as Reply<"listArtifacts">).artifacts.map(({ name }) => name);
  assert.deepEqual(names, ["kept"]);
  assert.equal((await call(lab, "getArtifact", "/api/jobs/1/artifacts/kept")).text, "kept\n");
  for (const hits of [
    await call(lab, "searchJob", "/api/jobs/1/logs/search?q=hi"),
    await call(lab, "searchOutput", "/api/search?q=hi"),
  ]) {
    assert.deepEqual(
      hits.text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { text: string }).text),
      ["hi"],
    );
  }
  const outside = await ask(lab.socket, "/api/jobs/1/artifacts/..%2Fenv.json");
  assert.equal(outside.problem.code, "AITHER_E_ARTIFACT_NOT_FOUND");
  const why = await call(lab, "explainJob", "/api/jobs/1/explain?subject=second");
  assert.equal((why.body as unknown as { status: string }).status, "Failed");
  const undo = await ask(lab.socket, "/api/jobs/1/undo");
  assert.equal(undo.problem.code, "AITHER_E_JOB_STATE");
  await call(lab, "pruneJobs", "/api/jobs/prune", { body: { keep: 0, dryRun: true } });
  await call(lab, "removeJob", "/api/jobs/1");
  assert.equal((await ask(lab.socket, "/api/jobs/1")).problem.code, "AITHER_E_JOB_NOT_FOUND");
});

test("the verbs on a running job", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const body = {
    text: v3("verbs", {
      one: `while [ ! -e ${gate} ]; do sleep 0.02; done`,
      two: { needs: ["one"], steps: [{ name: "two script", script: "echo two" }] },
      three: "sleep 1000",
    }),
    workspace: lab.root,
    env: env(),
  };
  const { jobId } = await start(lab, body);
  const now = (await ask(lab.socket, `/api/jobs/${jobId}/wait?timeoutMs=0`)).body as unknown as JobDetail;
  assert.equal(now.endedAt, null);
  assert.equal((await ask(lab.socket, `/api/jobs/${jobId}`, { method: "DELETE" })).problem.code, "AITHER_E_JOB_ACTIVE");
  const retried = await ask(lab.socket, `/api/jobs/${jobId}/retry`, { method: "POST" });
  assert.equal(retried.problem.code, "AITHER_E_JOB_ACTIVE");

  const paused = await call(lab, "pauseJob", `/api/jobs/${jobId}/pause`, { body: { reason: "lunch" } });
  assert.equal((paused.body as unknown as JobSummary).status, "Paused");
  await call(lab, "pauseJob", `/api/jobs/${jobId}/pause`);
  await call(lab, "skipInJob", `/api/jobs/${jobId}/skip`, { body: { target: "two", reason: "no need" } });
  const unknown = await ask(lab.socket, `/api/jobs/${jobId}/skip`, { method: "POST", body: { target: "four" } });
  assert.equal(unknown.problem.code, "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND");
  await call(lab, "resumeJob", `/api/jobs/${jobId}/resume`);
  await writeFile(gate, "");
  await call(lab, "cancelJob", `/api/jobs/${jobId}/cancel`, { body: { reason: "enough" } });
  const repeated = await ask(lab.socket, `/api/jobs/${jobId}/cancel`, { method: "POST" });
  assert.ok([202, 409].includes(repeated.status), repeated.text);
  const ended = await wait(lab, jobId);
  assert.deepEqual([ended.status, ended.exitCode], ["Cancelled", 130]);
  // The same answers from a daemon that knows the job only from its files.
  for (const round of ["same life", "next life"]) {
    for (const [verb, code] of [
      ["cancel", undefined],
      ["pause", "AITHER_E_JOB_ENDED"],
      ["resume", "AITHER_E_JOB_ENDED"],
    ] as const) {
      const late = await ask(lab.socket, `/api/jobs/${jobId}/${verb}`, { method: "POST" });
      assert.equal(late.problem.code, code, `${verb}, ${round}: ${late.text}`);
    }
    await lab.restart();
  }
});

test("input reaches the script that takes it, and is refused where nobody does", async () => {
  await using lab = await Lab.create();
  const step = { name: "ask", stdin: true, shell: "sh", script: 'read -r answer; test "$answer" = yes' };
  const { jobId } = await start(lab, { text: v3("asks", { one: { steps: [step] } }), workspace: lab.root, env: env() });
  const path = `/api/jobs/${jobId}/input`;
  const nothing = await ask(lab.socket, path, { method: "POST", body: {} });
  assert.equal(nothing.problem.code, "AITHER_E_REQUEST_INVALID");
  const nobody = await ask(lab.socket, path, { method: "POST", body: { script: "two", text: "x" } });
  assert.equal(nobody.problem.code, "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND");
  const sent = await call(lab, "sendInput", path, { body: { text: "yes\n" } });
  const { script, attempt, bytes, eof } = sent.body as unknown as Reply<"sendInput">;
  assert.deepEqual([script, attempt, bytes, eof], ["one/ask", 1, 4, false]);
  assert.equal((await wait(lab, jobId)).status, "Completed");
  const late = await ask(lab.socket, path, { method: "POST", body: { text: "x" } });
  assert.equal(late.problem.code, "AITHER_E_JOB_ENDED");
});

test("a retry runs what failed, with the environment it had; or all, or one, or with other variables", async () => {
  await using lab = await Lab.create();
  const folder = await workspace(lab);
  const first = await start(lab, { playbook: "walk", workspace: folder, env: env({ GREETING: "hi", CODE: "4" }) });
  await wait(lab, first.jobId);
  const outcomes = async (body?: object): Promise<(string | number | null)[]> => {
    const { body: reply } = await call(lab, "retryJob", "/api/jobs/1/retry", body === undefined ? {} : { body });
    const { stages, parent } = await wait(lab, (reply as unknown as Reply<"startJob">).jobId);
    assert.equal(parent, first.jobId);
    return stages.flatMap(({ legs }) => legs.flatMap(({ scripts }) => scripts.flatMap((s) => [s.status, s.exitCode])));
  };
  assert.deepEqual(await outcomes(), ["Skipped", null, "Failed", 4]);
  assert.deepEqual(await outcomes({ from: "all" }), ["Completed", 0, "Failed", 4]);
  assert.deepEqual(await outcomes({ script: "good" }), ["Completed", 0, "Skipped", null]);
  // The playbook has changed meanwhile: only a retry that plans anew sees that.
  const changed = v3("walk", { first: { steps: [{ name: "good", script: "true" }] } });
  await writeFile(join(folder, "playbooks/walk.json"), changed);
  assert.deepEqual(await outcomes({ from: "all", variables: { any: "thing" } }), ["Completed", 0]);
});

test("an idempotency key starts one job, however often and whenever it comes", async () => {
  await using lab = await Lab.create();
  const body = {
    text: v3("once", { a: "true" }),
    workspace: lab.root,
    env: env(),
  };
  const headers = { "idempotency-key": "k-1" };
  const all = await Promise.all(Array.from({ length: 5 }, () => start(lab, body, headers)));
  assert.equal(new Set(all.map(({ jobId }) => jobId)).size, 1);
  const [first] = all;
  await wait(lab, first?.jobId ?? "");
  await lab.restart();
  assert.equal((await start(lab, body, headers)).jobId, first?.jobId);
  assert.notEqual((await start(lab, body, { "idempotency-key": "k-2" })).jobId, first?.jobId);
  await wait(lab, "latest");
});

test("a job goes by many names", async () => {
  await using lab = await Lab.create();
  const ids: string[] = [];
  for (const [name, run] of [
    ["alpha", "true"],
    ["beta", "false"],
    ["alpha", "true"],
  ] as const) {
    const text = v3(name, { a: run });
    const { jobId } = await start(lab, { text, workspace: lab.root, env: env() });
    await wait(lab, jobId);
    ids.push(jobId);
  }
  const named = async (name: string) => (await ask(lab.socket, `/api/jobs/${encodeURIComponent(name)}`)).body["jobId"];
  for (const [name, index] of [
    ["1", 0],
    ["#1", 0],
    ["latest", 2],
    ["@", 2],
    ["@1", 2],
    ["@2", 1],
    ["@3", 0],
    ["@failed", 1],
    ["alpha", 2],
    ["BETA", 1],
    [ids[0] ?? "", 0],
    [(ids[1] ?? "").slice(0, 13), 1],
    [(ids[1] ?? "").slice(20, 32).toUpperCase(), 1],
  ] as const)
    assert.equal(await named(name), ids[index], name);
  for (const name of ["9", "@4", "@0", "@x", "gamma", "..", "../..", "%2e%2e%2f", "a/b", "\u0000", "x".repeat(900)]) {
    const { problem } = await ask(lab.socket, `/api/jobs/${encodeURIComponent(name)}`);
    assert.equal(problem.code, "AITHER_E_JOB_NOT_FOUND", JSON.stringify(name));
  }
});

test("playbooks and scripts", async () => {
  await using lab = await Lab.create();
  const folder = await workspace(lab);
  const at = `workspace=${encodeURIComponent(folder)}`;
  const listed = await call(lab, "listPlaybooks", `/api/playbooks?${at}`);
  assert.deepEqual(
    (listed.body as unknown as Reply<"listPlaybooks">).playbooks.map(({ name }) => name),
    ["walk"],
  );
  await call(lab, "showPlaybook", `/api/playbooks/walk?${at}`);
  assert.equal((await ask(lab.socket, `/api/playbooks/none?${at}`)).problem.code, "AITHER_E_PLAYBOOK_NOT_FOUND");
  const planned = await call(lab, "planPlaybook", "/api/playbooks/plan", {
    body: { playbook: "walk", workspace: folder, env: env() },
  });
  assert.deepEqual(
    (planned.body as unknown as Reply<"planPlaybook">).stages.map(({ id }) => id),
    ["first", "second"],
  );
  const valid = await call(lab, "validatePlaybook", "/api/playbooks/validate", {
    body: { text: "name: x\njobs: 3\n" },
  });
  assert.equal((valid.body as unknown as Reply<"validatePlaybook">).valid, false);
  await call(lab, "listScripts", `/api/scripts?${at}`);
  await call(lab, "showScript", `/api/scripts/0402?${at}`);
  const selected = await call(lab, "selectScripts", "/api/scripts/select", {
    body: { expression: "0400-0499", workspace: folder },
  });
  assert.deepEqual((selected.body as unknown as Reply<"selectScripts">).scripts, ["0402"]);
  assert.equal((await call(lab, "listJobs", "/api/jobs")).body["next"], null, "nothing of this started a job");
});

test("the daemon itself", async () => {
  await using lab = await Lab.create();
  const { body } = await call(lab, "daemonStatus", "/api/daemon");
  assert.deepEqual([body["pid"], body["instance"]], [process.pid, lab.host.instance]);
  await call(lab, "health", "/api/health");
  await call(lab, "version", "/api/version");
  const document = (await call(lab, "openapi", "/api/openapi.json")).body as unknown as { paths: object };
  assert.ok("/api/jobs/{id}/cancel" in document.paths);
  const { problem } = await ask(lab.socket, "/api/events");
  assert.match(problem.detail, /WebSocket/);
  walked.add("allEvents");
  await call(lab, "stopDaemon", "/api/daemon/stop");
  assert.ok(lab.said.includes("asked to stop"));
});

test("a request that is not well formed is refused, with the field and the reason", async () => {
  await using lab = await Lab.create();
  const post = (path: string, body: unknown, headers = {}) => ask(lab.socket, path, { method: "POST", body, headers });
  const start = "/api/orchestrate";
  for (const [answer, status, code, detail] of [
    [await post(start, {}), 400, "REQUEST_INVALID", /one of playbook, selector and text; it has 0/],
    [await post(start, { playbook: "a", text: "b" }), 400, "REQUEST_INVALID", /it has 2/],
    [await post(start, { playbok: "a" }), 400, "REQUEST_INVALID", /unknown field "playbok"; known are: playbook, /],
    [await post(start, { playbook: 3 }), 400, "REQUEST_INVALID", /^playbook in the body must be string$/],
    [await post(start, { playbook: "" }), 400, "REQUEST_INVALID", /playbook in the body/],
    [await post(start, { playbook: "a", env: { A: 1 } }), 400, "REQUEST_INVALID", /env\.A in the body must be string/],
    [
      await post(start, { playbook: "a", priority: 1000 }),
      400,
      "REQUEST_INVALID",
      /priority in the body must be <= 100/,
    ],
    [await post(start, { playbook: "a", workspace: "here" }), 400, "REQUEST_INVALID", /absolute path: here/],
    [await post(start, { playbook: "none", workspace: lab.root }), 404, "PLAYBOOK_NOT_FOUND", /none/],
    [await post(start, "{nonsense"), 400, "REQUEST_INVALID", /JSON/],
    [await post(start, '{"__proto__": {}}'), 400, "REQUEST_INVALID", /objects of programs/],
    [await post(start, "a=b", { "content-type": "text/plain" }), 415, "NOT_JSON", /must be JSON/],
    [
      await post(start, { playbook: "a" }, { "idempotency-key": "k".repeat(201) }),
      400,
      "REQUEST_INVALID",
      /idempotency-key/,
    ],
    [await post("/api/jobs/prune", {}), 400, "REQUEST_INVALID", /olderThanMs or keep/],
    [await post("/api/scripts/select", {}), 400, "REQUEST_INVALID", /the body has no expression/],
    [await ask(lab.socket, "/api/jobs?limit=0"), 400, "REQUEST_INVALID", /limit in the query must be >= 1/],
    [await ask(lab.socket, "/api/jobs?limit=many"), 400, "REQUEST_INVALID", /limit in the query must be integer/],
    [await ask(lab.socket, "/api/jobs?status=dead"), 400, "REQUEST_INVALID", /"dead"/],
    [await ask(lab.socket, "/api/jobs?since=today"), 400, "REQUEST_INVALID", /ISO 8601/],
    [await ask(lab.socket, "/api/jobs/1/events?follow=x"), 400, "REQUEST_INVALID", /follow in the query must be bool/],
    [await ask(lab.socket, "/api/jobs/%zz"), 400, "REQUEST_INVALID", /% signs/],
    [await ask(lab.socket, "/api/nothing?x=1"), 404, "NOT_FOUND", /^there is no GET \/api\/nothing$/],
    [await ask(lab.socket, "/api/jobs", { method: "PUT" }), 405, "METHOD_NOT_ALLOWED", /PUT .*there is GET/],
    [await ask(lab.socket, "/api/jobs/../../etc/passwd"), 404, "NOT_FOUND", /./],
  ] as const) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    assert.equal(answer.problem.code, `AITHER_E_${code}`, answer.text);
    assert.match(answer.problem.detail, detail);
    assert.notEqual(answer.problem.hint, "");
  }
  assert.deepEqual((await ask(lab.socket, "/api/jobs")).body["jobs"], []);
});

test("bodies have a limit, and the limit depends on whether a playbook may be in it", async () => {
  await using lab = await Lab.create();
  const reason = "x".repeat(1024 * 1024);
  const cancel = await ask(lab.socket, "/api/jobs/1/cancel", { method: "POST", body: { reason } });
  assert.deepEqual([cancel.status, cancel.problem.code], [413, "AITHER_E_BODY_TOO_LARGE"]);
  const text = "x".repeat(16 * 1024 * 1024);
  const started = await ask(lab.socket, "/api/orchestrate", { method: "POST", body: { text } });
  assert.deepEqual([started.status, started.problem.code], [413, "AITHER_E_BODY_TOO_LARGE"]);
  const fits = await ask(lab.socket, "/api/playbooks/validate", {
    method: "POST",
    body: { text: "x".repeat(2 * 1024 * 1024) },
  });
  assert.notEqual(fits.status, 413);
});

test("a wait ends with the job, with its time, or with its caller", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const text = v3("w", { a: `while [ ! -e ${gate} ]; do sleep 0.02; done` });
  const { jobId } = await start(lab, { text, workspace: lab.root, env: env() });
  const impatient = await ask(lab.socket, `/api/jobs/${jobId}/wait?timeoutMs=20`);
  assert.equal((impatient.body as unknown as JobDetail).endedAt, null);
  const leaving = new AbortController();
  const left = ask(lab.socket, `/api/jobs/${jobId}/wait`, { signal: leaving.signal });
  leaving.abort();
  await assert.rejects(left);
  const waiting = Array.from({ length: 20 }, () => wait(lab, jobId));
  await writeFile(gate, "");
  for (const job of await Promise.all(waiting)) assert.equal(job.status, "Completed");
});

test("an undo is shown, and is a job of its own", async () => {
  await using lab = await Lab.create();
  const folder = await workspace(lab);
  const text = v3("made", { only: { steps: [{ id: "a", script: "true", undo: "true" }] } });
  const made = await start(lab, { text, workspace: folder, env: env() });
  await wait(lab, made.jobId);
  const shown = (await call(lab, "showUndo", "/api/jobs/1/undo")).body as unknown as Reply<"showUndo">;
  assert.deepEqual(shown.scripts, [{ name: "Undo true", undoes: "only/a" }]);
  const started = (await call(lab, "undoJob", "/api/jobs/1/undo", { body: {} })).body as unknown as Reply<"undoJob">;
  const ended = await wait(lab, started.jobId);
  assert.deepEqual([ended.status, ended.parent, ended.name], ["Completed", made.jobId, "undo of #1"]);
  // What it came to, and what was stored of it: more of both in reports.test.ts.
  assert.match((await call(lab, "reportJob", "/api/jobs/1/report?format=md")).text, /made/);
  await call(lab, "listCache", "/api/cache");
  await call(lab, "pruneCache", "/api/cache/prune", { body: { all: true } });
});

test("every call of the contract was walked (of sessions: doors.test.ts; of places: log-places.test.ts)", () => {
  assert.deepEqual(
    Object.keys(routes).filter((name) => !/Sessions?$|^jobLog./.test(name) && !walked.has(name as RouteName)),
    [],
  );
});
