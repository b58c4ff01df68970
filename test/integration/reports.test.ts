import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";

/** Reports and the cache over the API. */

const job = (script: string) => ({
  metadata: { name: "r" },
  orchestration: { jobs: { s: { steps: [{ shell: "sh", script }] } } },
});

async function headersOf({ workspace }: Daemon, path: string): Promise<IncomingMessage> {
  const asked = request({ socketPath: workspace.places.socket, path }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer;
}

test("each format has its type, and a page may do nothing in the browser that shows it", async () =>
  Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(job("echo hi"));
    await daemon.ended(jobId);
    const types = {
      "": "text/markdown",
      md: "text/markdown",
      json: "application/json",
      junit: "application/xml",
      html: "text/html",
    };
    for (const [format, type] of Object.entries(types)) {
      const { statusCode, headers } = await headersOf(
        daemon,
        `/api/jobs/${jobId}/report${format && `?format=${format}`}`,
      );
      assert.equal(statusCode, 200);
      assert.equal(headers["content-type"]?.split(";")[0], type);
      assert.match(String(headers["content-security-policy"]), /^sandbox; default-src 'none'/);
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    const { headers } = await headersOf(daemon, "/api/jobs/latest/report?format=junit");
    assert.equal(headers["content-disposition"], 'inline; filename="job-1.xml"');
  }));

test("what cannot be answered is refused", async () =>
  Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(job("true"));
    for (const [method, path, body, code] of [
      ["GET", `/api/jobs/${jobId}/report?format=pdf`, undefined, "AITHER_E_REQUEST_INVALID"],
      ["GET", "/api/jobs/99/report", undefined, "AITHER_E_JOB_NOT_FOUND"],
      ["POST", "/api/cache/prune", {}, "AITHER_E_REQUEST_INVALID"],
      ["POST", "/api/cache/prune", { olderThanMs: -1 }, "AITHER_E_REQUEST_INVALID"],
      ["POST", "/api/cache/prune", { everything: true }, "AITHER_E_REQUEST_INVALID"],
    ] as const) {
      const answer = await daemon.ask(method, path, body);
      assert.equal((answer.body as { code: string }).code, code, `${method} ${path} ${answer.text}`);
    }
    await daemon.ended(jobId);
  }));

test("a home that never cached anything has an empty cache, and no folder of it is needed", async () =>
  Daemon.with(async (daemon) => {
    const { status, body } = await daemon.ask("GET", "/api/cache");
    assert.equal(status, 200);
    assert.deepEqual(body, { apiVersion: "aither/v1", entries: [], bytes: 0, bytesMax: 2 * 1024 ** 3, daysMax: 30 });
    assert.deepEqual((await daemon.ask("POST", "/api/cache/prune", { all: true })).body, {
      apiVersion: "aither/v1",
      removed: [],
      bytes: 0,
      dryRun: false,
    });
  }));
