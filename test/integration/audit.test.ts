import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { ask, browser, bearer, json, token } from "./lib/loopback.ts";

/** Who did what: what is written down, what is not, and that nothing hangs on it. */

type Line = Readonly<Record<string, unknown>>;

function lines(daemon: Daemon): readonly Line[] {
  const path = daemon.workspace.places.auditLog;
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** The line, once it is there: it is written after the answer. */
async function line(daemon: Daemon, fits: (line: Line) => boolean): Promise<Line> {
  return waitFor("a line of the audit log", () => lines(daemon).find(fits));
}

const playbook = { orchestration: { jobs: { only: { steps: [{ script: "true" }] } } } };

test("one line for each change and each refusal: who, which door, which role, what, about which job, what became of it", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(playbook);
    const start = await line(daemon, ({ route }) => route === "startJob");
    const { time, ...rest } = start;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, {
      v: 1,
      does: "change",
      door: "socket",
      uid: process.getuid?.() ?? null,
      session: null,
      role: "admin",
      method: "POST",
      route: "startJob",
      job: jobId,
      outcome: "done",
      status: 202,
      code: null,
    });
    await daemon.ended(jobId);
    await daemon.ask("POST", "/api/jobs/1/cancel", {});
    const cancel = await line(daemon, ({ route }) => route === "cancelJob");
    assert.deepEqual([cancel["job"], cancel["outcome"], cancel["code"]], ["1", "failed", "AITHER_E_JOB_ENDED"]);
    const viewer = await browser(daemon, "viewer");
    await ask(viewer.port, "/api/jobs/1/pause", { method: "POST", headers: { ...json, ...viewer.headers } });
    const pause = await line(daemon, ({ route }) => route === "pauseJob");
    assert.deepEqual(
      [pause["does"], pause["door"], pause["uid"], pause["session"], pause["role"], pause["status"]],
      ["refusal", "tcp", null, viewer.id, "viewer", 403],
    );
    const opened = await line(daemon, ({ route }) => route === "openSession");
    assert.deepEqual([opened["about"], opened["outcome"]], [viewer.id, "done"]);
    await ask(viewer.port, "/api/jobs", { headers: { ...viewer.headers, origin: "http://evil.example" } });
    const strange = await line(daemon, ({ route }) => route === "listJobs");
    assert.deepEqual([strange["session"], strange["role"], strange["code"]], [null, null, "AITHER_E_FORBIDDEN"]);
    await daemon.ask("GET", "/api/jobs", undefined, { origin: "http://evil.example" });
    await line(daemon, ({ door, does }) => door === "socket" && does === "refusal");
    const before = lines(daemon).length;
    for (const path of ["/api/jobs", "/api/jobs/1", "/api/nothing"]) await daemon.ask("GET", path);
    await daemon.ask("POST", "/api/playbooks/validate", { text: "{}" });
    await daemon.ask("POST", "/api/jobs/prune", { keep: 1_000 });
    await line(daemon, ({ route }) => route === "pruneJobs");
    assert.equal(lines(daemon).length, before + 1, "questions are not written down");
    assert.equal(statSync(daemon.workspace.places.auditLog).mode & 0o777, 0o600);
  });
});

test("no value, no query and no proof is in it", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const page = await browser(daemon, "admin");
    const mark = "m4rk-of-a-value";
    const body = { text: JSON.stringify(playbook), env: { PATH: "/bin", MARK: mark }, variables: { a: mark } };
    await ask(port, "/api/orchestrate", { method: "POST", headers: { ...json, ...headers }, body });
    await ask(port, `/api/search?q=${mark}`, { headers: bearer(mark) });
    await ask(port, `/api/${mark}`, { headers: { ...page.headers, origin: `http://${mark}` } });
    await ask(port, `/api/session`, { method: "POST", headers: json, body: { code: mark } });
    await line(daemon, ({ route, status }) => route === "openSession" && status === 401);
    const text = readFileSync(daemon.workspace.places.auditLog, "utf8");
    const secrets = [mark, page.key["x-aither-key"] ?? "", (headers["authorization"] ?? "").replace("Bearer ", "")];
    for (const secret of secrets) assert.ok(secret.length > 10 && !text.includes(secret), secret);
  });
});

test("full files move aside, and the oldest goes", async () => {
  await Daemon.with(
    async (daemon) => {
      const { auditLog } = daemon.workspace.places;
      const at = (number: number): string => auditLog.replace(".ndjson", `.${number}.ndjson`);
      for (let round = 0; !existsSync(at(4)); round++) {
        assert.ok(round < 500, "it must come to a fourth file");
        await daemon.ask("POST", "/api/jobs/none/cancel", {});
      }
      await Promise.all(Array.from({ length: 100 }, async () => daemon.ask("POST", "/api/jobs/none/cancel", {})));
      await daemon.stop();
      assert.equal(existsSync(at(5)), false);
      for (const path of [at(1), at(2), at(3), at(4)]) {
        assert.equal(statSync(path).mode & 0o777, 0o600);
        assert.ok(statSync(path).size < 40_000, path);
        for (const text of readFileSync(path, "utf8").trimEnd().split("\n")) JSON.parse(text);
      }
    },
    {
      patches: [
        {
          file: "daemon/src/audit/audit-log.ts",
          find: "fileBytesMax: 4 * 1024 * 1024",
          replace: "fileBytesMax: 2_000",
        },
      ],
    },
  );
});

test("a flood of refusals is counted, and pushes nothing else out", async () => {
  await Daemon.with(async (daemon) => {
    const { port } = await token(daemon, "admin");
    const flood = async (): Promise<void> => {
      for (let round = 0; round < 30; round++)
        await Promise.all(Array.from({ length: 20 }, async () => ask(port, "/api/jobs")));
    };
    await flood();
    await daemon.ask("POST", "/api/jobs/prune", { keep: 1_000 });
    await line(daemon, ({ route }) => route === "pruneJobs");
    const refusals = lines(daemon).filter(({ does }) => does === "refusal");
    // At most two minutes were touched.
    assert.ok(refusals.length >= 120 && refusals.length <= 240, String(refusals.length));
  });
});

test("a disk that does not take it holds nobody up, and the daemon's log says so", async () => {
  await Daemon.with(async (daemon) => {
    const { auditLog } = daemon.workspace.places;
    await mkdir(auditLog);
    const jobId = await daemon.startJob(playbook);
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    await waitFor("words about it", () => daemon.log().some(({ msg }) => msg === "the audit log cannot be written"));
    await rm(auditLog, { recursive: true });
    // A crash may cut a line; the next one begins on a line of its own.
    await writeFile(auditLog, '{"v":1,"time":"2026', { mode: 0o600 });
    await daemon.ask("POST", "/api/jobs/prune", { keep: 1_000 });
    const text = await waitFor("the next line", () => {
      const found = readFileSync(auditLog, "utf8").split("\n");
      return found.length === 3 ? found : null;
    });
    assert.equal((JSON.parse(text[1] ?? "") as Line)["route"], "pruneJobs");
    assert.ok(existsSync(join(daemon.workspace.places.state, "jobs")));
  });
});
