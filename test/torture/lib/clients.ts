/** Clients that never give up: they send, cancel and follow, over every death of the daemon. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Answer, Daemon } from "../../rig/daemon.ts";
import { waitFor } from "../../rig/wait.ts";
import type { Diary } from "./diary.ts";
import { PATIENCE_MS } from "./patience.ts";
import { textOf } from "./script.ts";
import { playbookOf, type JobSpec } from "./workload.ts";

export type Clients = {
  readonly daemon: Daemon;
  readonly diary: Diary;
  readonly env: Readonly<Record<string, string>>;
  /** Told of answers that are a refusal of the daemon's, before it is asked again. */
  readonly refused?: (answer: Answer) => void;
};

/** The first answer that is one: whatever came before was a daemon that died or was not there. */
export async function askUntilAnswered(
  { daemon, refused }: Pick<Clients, "daemon" | "refused">,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  return waitFor(
    "an answer",
    async () => {
      const answer = await ask().catch(() => null);
      if (answer?.status === 500) throw new Error(`a bug of ours: ${answer.text}`);
      if (answer !== null && answer.status > 500) refused?.(answer);
      return answer !== null && answer.status < 500 ? answer : null;
    },
    PATIENCE_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${daemon.story().slice(-20_000)}`);
  });
}

/** Sends a job as often as it says, notes every answer. `text`: what its scripts do, when it is something else. */
export async function submit(clients: Clients, spec: JobSpec, text = textOf): Promise<void> {
  const { daemon, diary, env } = clients;
  const { folder } = daemon.workspace;
  const body = {
    text: JSON.stringify(playbookOf(spec, text)),
    workspace: folder,
    env: { ...daemon.workspace.env, ...env },
  };
  const send = async (): Promise<void> => {
    const answer = await askUntilAnswered(clients, async () =>
      daemon.ask("POST", "/api/orchestrate", body, { "idempotency-key": spec.key }),
    );
    if (answer.status !== 202 && answer.status !== 200) throw new Error(`${spec.key}: ${answer.status} ${answer.text}`);
    diary.accepted(spec.key, (answer.body as { jobId: string }).jobId);
  };
  await Promise.all(Array.from({ length: spec.copies }, send));
}

/** Asks for the end of a job, twice, as people do. */
export async function cancelLater(clients: Clients, spec: JobSpec): Promise<void> {
  if (spec.cancelAfterMs === null) return;
  const { daemon, diary } = clients;
  await delay(spec.cancelAfterMs);
  const jobId = diary.jobs.find((job) => job.spec.key === spec.key)?.acked[0];
  if (jobId === undefined) throw new Error(`${spec.key} is cancelled before it was accepted`);
  for (const _time of [1, 2]) {
    const { status } = await askUntilAnswered(clients, async () => daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}));
    if (status === 202 || status === 200) diary.cancelled(spec.key);
  }
}

/** Follows a job's events from where it was, again and again, and notes every line it is shown. */
export async function follow({ daemon, diary }: Clients, jobId: string, signal: AbortSignal): Promise<void> {
  let after = 0;
  while (!signal.aborted) {
    try {
      for await (const line of linesOf(daemon, `/api/jobs/${jobId}/events?follow=1&after=${after}`, signal)) {
        const { seq, type } = JSON.parse(line) as { seq: number; type: string };
        if (typeof seq !== "number") continue;
        diary.published.push({ jobId, text: line });
        after = seq;
        if (/^Orchestration(Completed|Failed|Cancelled)$/.test(type)) return;
      }
    } catch {
      // The daemon died in the middle of it, which is the point.
    }
    await delay(20);
  }
}

async function* linesOf(daemon: Daemon, path: string, signal: AbortSignal): AsyncIterable<string> {
  const asked = request({ socketPath: daemon.workspace.places.socket, path, signal });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  if (answer.statusCode !== 200) {
    answer.resume();
    return;
  }
  for await (const line of createInterface({ input: answer })) if (line.startsWith("{")) yield line;
}
