/** One attempt at telling somebody. */
import { spawn } from "node:child_process";
import { noticeText, summary, type JobState, type Notice } from "@aither/core";
import { API_VERSION, type NotificationPlan } from "@aither/protocol";
import type { Masker } from "../secrets/masker.ts";

const WEBHOOK_MS = 10_000;
const COMMAND_MS = 60_000;
const DETAIL_MAX = 300;

/** `final`: trying again would not help. `detail` holds no secret: no address beyond its host, no header. */
export type Told = { readonly ok: boolean; readonly final: boolean; readonly detail: string };

export type Telling = {
  readonly state: JobState;
  readonly notice: Notice;
  /** The job's environment, of which secrets are read. */
  readonly env: Readonly<Record<string, string>>;
  /** Hides the job's secrets in what is sent; a command has them in its environment. */
  readonly masker: Masker | null;
  readonly signal: AbortSignal;
};

export async function tell(telling: Telling): Promise<Told> {
  switch (telling.notice.notification.channel) {
    case "webhook":
      return post(telling);
    case "command":
      return run(telling, "/bin/sh", ["-c", telling.notice.notification.target]);
    case "desktop":
      return show(telling);
    case "log":
      return { ok: true, final: true, detail: "said to who follows the job" };
  }
}

/** Where it goes, without what may be secret in an address. */
export function placeOf({ channel, target }: NotificationPlan): string {
  if (channel !== "webhook") return target;
  try {
    return new URL(target).host;
  } catch {
    return target.startsWith("$") ? (/^\$\{?\w+\}?/.exec(target)?.[0] ?? "") : "";
  }
}

async function post(telling: Telling): Promise<Told> {
  const { state, notice, env, signal } = telling;
  const { target, headers } = notice.notification;
  const missing = new Set<string>();
  const fill = (text: string): string =>
    text.replaceAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (_, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? "";
      if (env[name] === undefined) missing.add(name);
      return env[name] ?? "";
    });
  const url = fill(target);
  const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
  if (missing.size > 0) return never(`the job's environment has no ${[...missing].join(", ")}`);
  const request = {
    method: "POST",
    redirect: "manual",
    headers: {
      ...filled,
      "content-type": "application/json",
      "user-agent": "aither",
      "idempotency-key": `${state.id}/${notice.key}`,
    },
    body: JSON.stringify(payload(telling)),
    signal: AbortSignal.any([signal, AbortSignal.timeout(WEBHOOK_MS)]),
  } as const;
  try {
    const reply = await fetch(url, request);
    await reply.body?.cancel();
    const detail = `it answered ${reply.status}`;
    if (reply.ok) return { ok: true, final: true, detail };
    const mayPass = reply.status >= 500 || reply.status === 408 || reply.status === 429;
    return { ok: false, final: !mayPass, detail };
  } catch (error) {
    return { ok: false, final: false, detail: troubleOf(error) };
  }
}

function never(detail: string): Told {
  return { ok: false, final: true, detail };
}

/** Names of troubles only: a message of the library may repeat the address. */
function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) return "it could not be sent";
  if (error.name === "TimeoutError") return `no answer within ${WEBHOOK_MS / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code === "" ? "the address cannot be called" : `it could not be reached (${code})`;
}

/** `text` is what chats that take webhooks show. */
function payload({ state, notice, masker }: Telling): object {
  const { jobId, number, name, playbook, workspace, status, reason, queuedAt, startedAt, endedAt, counts } =
    summary(state);
  const document = {
    apiVersion: API_VERSION,
    event: notice.on,
    key: `${state.id}/${notice.key}`,
    text: noticeText(state, notice),
    job: { jobId, number, name, playbook, workspace, status, reason, queuedAt, startedAt, endedAt, counts },
  };
  return masker?.document(document) ?? document;
}

/** What is said to people. */
function textOf({ state, notice, masker }: Telling): string {
  const text = noticeText(state, notice);
  return masker?.text(text) ?? text;
}

async function show(telling: Telling): Promise<Told> {
  const { state, masker } = telling;
  const title = `aither #${state.number} ${masker?.text(state.name) ?? state.name}`;
  const text = textOf(telling);
  if (process.platform === "darwin") {
    const script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
    return run(telling, "osascript", ["-e", script, title, text]);
  }
  if (process.platform === "win32") return never("there is no desktop notification on Windows yet");
  return run(telling, "notify-send", ["--app-name=aither", "--", title, text]);
}

/** A program that ends within a minute, or is ended with all it started. */
async function run(telling: Telling, program: string, argv: readonly string[]): Promise<Told> {
  const { state, notice, env, signal } = telling;
  return new Promise((resolve) => {
    const child = spawn(program, argv, {
      cwd: state.plan.workspace,
      env: {
        ...env,
        AITHER_NOTICE_EVENT: notice.on,
        AITHER_NOTICE_MESSAGE: textOf(telling),
        AITHER_JOB_ID: state.id,
        AITHER_JOB_NUMBER: String(state.number),
        AITHER_JOB_STATUS: state.status,
      },
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    let said = "";
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    };
    const timer = setTimeout(end, COMMAND_MS);
    signal.addEventListener("abort", end, { once: true });
    const done = (told: Told): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      child.stderr.destroy();
      resolve(told);
    };
    child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString("utf8")).slice(-DETAIL_MAX)));
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${JSON.stringify(payload(telling))}\n`);
    child.on("error", (error: NodeJS.ErrnoException) => {
      done(never(error.code === "ENOENT" ? `${program} is not there` : `${program} cannot be run (${error.code})`));
    });
    child.on("exit", (code, killedBy) => {
      const how = killedBy === null ? `it ended with exit code ${code}` : `it was ended by ${killedBy}`;
      const words = said.trim().split("\n").at(-1) ?? "";
      done({ ok: code === 0, final: false, detail: code === 0 || words === "" ? how : `${how}: ${words}` });
    });
  });
}
