import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Explanation, JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** Who is told what a job came to: only of what is final, with its true cause, and once. */

type Call = { readonly headers: IncomingHttpHeaders; readonly body: { event: string; text: string; job: JobDetail } };

/** A receiver of webhooks; `answers` are its next status codes, then 204. */
class Receiver implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly answers: number[] = [];
  /** Told before it answers. */
  onCall: () => Promise<void> = async () => {};
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, reply) => {
      let text = "";
      request.on("data", (bytes) => (text += String(bytes)));
      request.on("end", () => {
        receiver.calls.push({ headers: request.headers, body: JSON.parse(text) as Call["body"] });
        void receiver.onCall().then(() => reply.writeHead(receiver.answers.shift() ?? 204).end());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("notices", () => {
  let cli: Cli;
  let receiver: Receiver;
  beforeEach(async () => {
    cli = await Cli.create();
    receiver = await Receiver.open();
  });
  afterEach(async () => {
    await receiver[Symbol.asyncDispose]();
    await cli[Symbol.asyncDispose]();
  });

  const playbook = async (name: string, notifications: unknown, script: string, more: object = {}) => {
    const jobs = { work: { name: "The work", steps: [{ shell: "sh", script, ...more }] } };
    await cli.workspace.write(
      `playbooks/${name}.json`,
      JSON.stringify({ metadata: { name }, orchestration: { notifications, jobs } }),
    );
  };
  const told = async (count: number, job = "latest"): Promise<JobDetail> => {
    let shown: JobDetail | undefined;
    await waitFor(`${count} notices`, async () => {
      shown = await cli.json<JobDetail>("jobs", "status", job);
      return shown.notifications?.filter(({ status }) => status !== "pending").length === count;
    });
    return shown!;
  };

  test("a webhook gets the true cause, with secrets from the environment, and the state keeps none of them", async () => {
    const hook = {
      on: ["failure", "success"],
      webhook: `${receiver.address}/$PART`,
      headers: { authorization: "Bearer $HOOK_TOKEN" },
      message: "{name} #{number} {status} at {failedStage}",
    };
    await playbook("fails", [hook], "exit 3");
    const env = { HOOK_TOKEN: "s3cr3t-of-hook", PART: "s3cr3t-part" };
    assert.equal((await cli.run(["orch", "fails"], { env })).code, 1);
    const job = await told(1);
    assert.equal(receiver.calls.length, 1);
    const [{ headers, body }] = receiver.calls as [Call];
    assert.equal(headers.authorization, "Bearer s3cr3t-of-hook");
    assert.match(String(headers["idempotency-key"]), new RegExp(`^${job.jobId}/`));
    assert.deepEqual([body.event, body.text, body.job.status], ["failure", "fails #1 failed at The work", "Failed"]);
    assert.match(body.job.reason, /exit code 3/);
    const [notice] = job.notifications!;
    assert.deepEqual([notice!.status, notice!.detail, notice!.attempts], ["delivered", "it answered 204", 1]);
    assert.doesNotMatch(JSON.stringify(job), /s3cr3t/);
  });

  test("a retry that is under way, a shutdown and a restart are no news; a job that made it is a success", async () => {
    const gate = join(cli.workspace.root, "gate");
    const script = `echo x >> ${cli.workspace.root}/tries; [ -e ${gate} ] && exit 0; [ $(wc -l < ${cli.workspace.root}/tries) = 1 ] && exit 9; while [ ! -e ${gate} ]; do sleep 0.05; done`;
    await playbook("flaky", [{ on: ["complete", "failure", "success"], webhook: receiver.address }], script, {
      retries: 1,
      backoff: { initial: 0 },
    });
    await cli.json("orch", "flaky", "-d");
    const tries = async () => (await readFile(join(cli.workspace.root, "tries"), "utf8").catch(() => "")).length;
    await waitFor("the second try", async () => (await tries()) === 4);
    assert.equal((await cli.run(["daemon", "stop"])).code, 0);
    await cli.json("jobs", "status", "latest");
    await cli.killDaemon();
    await cli.json("jobs", "status", "latest");
    assert.equal(receiver.calls.length, 0);
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", "latest"])).code, 0);
    await told(2);
    assert.deepEqual(receiver.calls.map(({ body }) => body.event).sort(), ["complete", "success"]);
  });

  test("what a killed daemon owed is sent by the next one, under the same key", async () => {
    await playbook("owed", [{ on: "complete", webhook: receiver.address }], ":");
    let killing: Promise<unknown> | undefined;
    let killed = false;
    receiver.onCall = async () => {
      if (killing !== undefined) return;
      // It was sent, and nobody could write that down.
      killing = cli.killDaemon();
      await killing;
      killed = true;
    };
    await cli.run(["orch", "owed", "-d"]);
    await waitFor("the first call, and the death", () => killed);
    await told(1);
    assert.equal(receiver.calls.length, 2);
    const keys = receiver.calls.map(({ headers }) => headers["idempotency-key"]);
    assert.equal(keys[0], keys[1]);
    await cli.killDaemon();
    await told(1);
    assert.equal(receiver.calls.length, 2, "what was told is not told again");
  });

  test("trouble is tried again, a refusal is not; neither changes the job, and explain says it", async () => {
    receiver.answers.push(503, 404);
    await playbook("trouble", [{ on: "success", webhook: receiver.address }], ":");
    assert.equal((await cli.run(["orch", "trouble"])).code, 0);
    const job = await told(1);
    assert.equal(job.status, "Completed");
    const [notice] = job.notifications!;
    assert.deepEqual([notice!.status, notice!.attempts, notice!.detail], ["failed", 2, "it answered 404"]);
    const why = await cli.json<Explanation>("explain", "latest");
    assert.match(
      why.because.join("\n"),
      /the webhook 127\.0\.0\.1:\d+ could not be told of its success: it answered 404/,
    );
  });

  test("a cancel is told as a cancel; a command gets the notice as JSON; a missing variable is said", async () => {
    const out = join(cli.workspace.root, "notice.json");
    const gate = join(cli.workspace.root, "gate");
    await playbook(
      "stopped",
      [
        { on: ["cancel", "failure"], command: `cat > ${out}; echo "$AITHER_NOTICE_EVENT $GREETING" >> ${out}` },
        { on: "cancel", webhook: "http://127.0.0.1:9/$NO_SUCH_NAME" },
      ],
      `while [ ! -e ${gate} ]; do sleep 0.05; done`,
    );
    assert.equal((await cli.run(["orch", "stopped", "-d"], { env: { GREETING: "hi" } })).code, 0);
    await cli.run(["cancel", "latest", "-y"]);
    const job = await told(2);
    const [json, rest] = (await readFile(out, "utf8")).trim().split("\n");
    assert.equal((JSON.parse(json!) as Call["body"]).job.status, "Cancelled");
    assert.equal(rest, "cancel hi");
    assert.match(job.notifications![1]!.detail, /no NO_SUCH_NAME/);
  });

  test(
    "the desktop is told through notify-send; without it that is said",
    { skip: process.platform !== "linux" && "skipped: not Linux" },
    async () => {
      const bin = join(cli.workspace.root, "bin");
      await cli.workspace.write("../bin/notify-send", `#!/bin/sh\nprintf '%s\\n' "$@" > "$HOME/shown"\n`, 0o755);
      await playbook("shown", [{ on: "success", desktop: true, message: "well; $(done)" }], ":");
      const path = `${bin}:${cli.workspace.env["PATH"]}`;
      assert.equal((await cli.run(["orch", "shown"], { env: { PATH: path } })).code, 0);
      await told(1);
      const shown = await readFile(join(cli.workspace.root, "shown"), "utf8");
      assert.match(shown, /^--app-name=aither\n--\naither #1 shown\nwell; \$\(done\)\n$/);
    },
  );

  test("messages of the older formats are said to who follows the job", async () => {
    await cli.workspace.write(
      "playbooks/old.json",
      JSON.stringify({
        name: "old",
        notifications: {
          onStart: { message: "Starting", channels: ["console"] },
          onFailure: { message: "Failed at stage: {{FailedStage}}", level: "Error", channels: ["console", "log"] },
          onStageComplete: { enabled: true },
        },
        stages: [{ name: "Only", inline: [], sequence: ["9999"] }],
      }),
    );
    await cli.workspace.write("automation-scripts/9999_Fail.sh", "exit 1\n");
    const ended = await cli.run(["orch", "old"]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /Failed at stage: Only/);
    const { notEnforced } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(
      notEnforced.map(({ where }) => where),
      ["notifications.onStageComplete"],
    );
  });
});
