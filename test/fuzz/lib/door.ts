/** A real daemon behind its real socket, asked what nobody would ask. Whatever is asked, it stays, and stays as it is. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { lstatSync, readdirSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../../rig/daemon.ts";
import { waitFor } from "../../rig/wait.ts";
import type { Asked } from "./requests.ts";

const ANSWER_MS = 30_000;
const RSS_MAX = 600 * 1024 ** 2;
/** What may keep somebody waiting on purpose, and for how long it is listened to. */
const mayWait = /\/(wait|logs|events|input|search)(\?|$|\/)|^\/api\/search/;
const LISTEN_MS = 150;
/** Files that do not change for so long stand still. */
const STILL_MS = 60;
/** Made from the journals when there is time for it, and not because of a request. */
const derived = /^(metadata|plan|result)\.json|\.idx$|^index$/;
/** Refusals that speak of the daemon, not of a bug. */
const busy = /LIMIT_REACHED|STOPPING|DISK_FAILED/;

const jobs = (name: string, script: string): unknown => ({
  apiVersion: "aither/v1",
  metadata: { name },
  orchestration: { jobs: { a: { steps: [{ shell: "sh", script, stdin: name === "gate" }] } } },
});

export class Door implements AsyncDisposable {
  readonly daemon: Daemon;

  private constructor(daemon: Daemon) {
    this.daemon = daemon;
  }

  /** With a job that has ended and one that waits for its input, so that there is something to ask about. */
  static async open(): Promise<Door> {
    const daemon = await Daemon.start();
    const door = new Door(daemon);
    await daemon.workspace.write("playbooks/fuzz.json", JSON.stringify(jobs("fuzz", "echo said")));
    await daemon.workspace.write("automation-scripts/0402_Test.sh", "#!/bin/sh\n# Stage: Test\ntrue\n", 0o755);
    await door.provide();
    return door;
  }

  async provide(): Promise<void> {
    await this.daemon.ended(await this.daemon.startJob(jobs("fuzz", "echo said; echo more")));
    const { body } = await this.daemon.ask("GET", "/api/jobs?status=running&text=gate");
    if ((body as { jobs: unknown[] }).jobs.length > 0) return;
    const gate = await this.daemon.startJob(jobs("gate", "read line"));
    await this.daemon.event(gate, "ScriptStarted");
    await this.#quiet(STILL_MS);
  }

  /** Asks, and looks whether it was answered as it should be. Gives the status; 0 when it was left waiting. */
  async ask(asked: Asked): Promise<number> {
    const before = this.#files();
    const { status, type, text } = await this.#send(asked);
    if (status === 0) return 0;
    const said = `${asked.method} ${asked.path}: ${status} ${type} ${text.slice(0, 300)}`;
    if (status >= 500) assert.match(text, busy, said);
    if (status >= 400 && asked.method !== "HEAD") {
      assert.match(type, /^application\/problem\+json/, said);
      const problem = JSON.parse(text) as Record<string, unknown>;
      assert.match(String(problem["code"]), /^AITHER_E_[A-Z_]+$/, said);
      for (const field of ["title", "detail", "hint"]) assert.equal(typeof problem[field], "string", said);
      assert.equal(problem["status"], status, said);
      assert.ok(!/\n\s+at |node_modules|\.ts:\d/.test(text), `a stack is shown: ${said}`);
    }
    if (asked.method !== "GET" && status < 400) await this.#quiet(STILL_MS);
    else await this.#isUnchanged(before, said, async () => void (await this.#send(asked)));
    return status;
  }

  /** Bytes that may be anything: an HTTP answer comes, or the connection ends, or it waits for more. */
  async garbage(bytes: Buffer, handshake?: string): Promise<void> {
    const before = this.#files();
    await this.#sendBytes(bytes, handshake);
    const what = `bytes: ${bytes.toString("hex").slice(0, 300)}`;
    await this.#isUnchanged(before, what, async () => this.#sendBytes(bytes, handshake));
  }

  async #sendBytes(bytes: Buffer, handshake: string | undefined): Promise<void> {
    const socket = connect(this.daemon.workspace.places.socket);
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => void parts.push(part));
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await once(socket, "connect");
    if (handshake !== undefined) {
      socket.write(handshake);
      await Promise.race([once(socket, "data"), closed]);
    }
    socket.end(bytes);
    await Promise.race([closed, delay(LISTEN_MS, undefined, { ref: false })]);
    socket.destroy();
    const text = Buffer.concat(parts).toString("latin1");
    if (text !== "") {
      assert.match(
        text,
        /^HTTP\/1\.1 [1-4]\d\d /,
        `${JSON.stringify(bytes.toString("latin1").slice(0, 300))} → ${text.slice(0, 300)}`,
      );
    }
  }

  /** It answers within a second (a loaded machine gets three tries), is the same process, and has not grown. */
  async isWell(pid: number): Promise<void> {
    let fastest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && fastest > 1_000; tries += 1) {
      const startedAt = performance.now();
      assert.equal((await this.daemon.ask("GET", "/api/health")).status, 200);
      fastest = Math.min(fastest, performance.now() - startedAt);
    }
    assert.ok(fastest <= 1_000, `its health took ${Math.round(fastest)} ms`);
    const { body } = await this.daemon.ask("GET", "/api/daemon");
    const { rssBytes, pid: now } = body as { rssBytes: number; pid: number };
    assert.equal(now, pid, "it was another one");
    assert.ok(rssBytes < RSS_MAX, `it has ${Math.round(rssBytes / 1024 ** 2)} MiB`);
  }

  /** A bug that was caught on its way is in the log, and nowhere else. */
  noBugs(): void {
    const bugs = this.daemon.log().filter(({ msg = "" }) => /a call failed|bug of ours/.test(msg));
    assert.deepEqual(bugs.slice(0, 3), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { body } = await this.daemon.ask("GET", "/api/jobs?status=running,queued,paused,cancelling&limit=1000");
    for (const { jobId } of (body as { jobs: { jobId: string }[] }).jobs) {
      await waitFor(`job ${jobId} to be cancelled`, async () => {
        // A connection may be cut before its answer is read; what is asked twice is done once.
        await this.daemon.ask("POST", `/api/jobs/${jobId}/cancel`, { force: true }).catch(() => undefined);
        return (await this.daemon.job(jobId)).endedAt !== null;
      });
    }
    await this.daemon[Symbol.asyncDispose]();
  }

  async #send({ method, path, headers, body }: Asked): Promise<{ status: number; type: string; text: string }> {
    const gone = new AbortController();
    const asked = request({
      socketPath: this.daemon.workspace.places.socket,
      // A head that lies about its body spoils the connection for whoever came next.
      agent: false,
      method,
      path,
      signal: gone.signal,
      headers: {
        host: "localhost",
        ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...headers,
      },
    });
    asked.on("error", () => undefined);
    const isPatient = mayWait.test(path);
    const timer = setTimeout(() => gone.abort(), isPatient ? LISTEN_MS : ANSWER_MS);
    let status = 0;
    let type = "";
    const parts: Buffer[] = [];
    try {
      asked.end(body);
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      status = answer.statusCode ?? 0;
      type = answer.headers["content-type"] ?? "";
      for await (const part of answer) parts.push(part as Buffer);
    } catch (error) {
      if (!gone.signal.aborted) return this.#cut(error, `${method} ${path}`);
      assert.ok(isPatient, `no answer after ${ANSWER_MS / 1_000} s: ${method} ${path} ${body?.slice(0, 500) ?? ""}`);
      if (status < 400) return { status: 0, type, text: "" };
    } finally {
      clearTimeout(timer);
    }
    return { status, type, text: Buffer.concat(parts).toString() };
  }

  /** A connection may be ended without an answer where what came was no HTTP. */
  #cut(error: unknown, what: string): { status: number; type: string; text: string } {
    const { code = "" } = error as { code?: string };
    assert.match(code, /^(ECONNRESET|EPIPE|HPE_.*)$/, `${what}: ${String(error)}`);
    return { status: 0, type: "", text: "" };
  }

  #files(): string {
    const { state } = this.daemon.workspace.places;
    const lines: string[] = [];
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (derived.test(entry.name)) continue;
        if (entry.isDirectory()) walk(path);
        const { size, mtimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? { size: -1, mtimeMs: -1 };
        lines.push(entry.isDirectory() ? path : `${path} ${size} ${mtimeMs}`);
      }
    };
    walk(state);
    return lines.sort().join("\n");
  }

  /** A job that ends just then writes, too: what was asked is asked again when all is still, and then nothing may change. */
  async #isUnchanged(before: string, what: string, again: () => Promise<void>): Promise<void> {
    let first = before;
    let after = this.#files();
    for (let tries = 1; after !== first && tries < 3; tries += 1) {
      await this.#quiet(STILL_MS * 30);
      first = this.#files();
      await again();
      after = this.#files();
    }
    if (after === first) return;
    const old = new Set(first.split("\n"));
    assert.deepEqual(
      after.split("\n").filter((line) => !old.has(line)),
      [],
      `something was written: ${what}`,
    );
  }

  /** What was allowed is done: the files stand still. */
  async #quiet(stillMs: number): Promise<void> {
    let last = this.#files();
    let since = performance.now();
    await waitFor("the files to stand still", () => {
      const now = this.#files();
      if (now !== last) since = performance.now();
      last = now;
      return performance.now() - since > stillMs;
    });
  }
}
