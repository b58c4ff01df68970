/** Jobs that a test holds in its hand: scripts that wait for a file, and what they left behind. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Event } from "@aither/protocol";
import type { Daemon } from "./daemon.ts";
import { waitFor } from "./wait.ts";

/** A playbook of one stage a script, in written order. */
export function playbook(...scripts: (string | Record<string, unknown>)[]): unknown {
  const jobs = scripts.map((script, at) => {
    const step = typeof script === "string" ? { script } : script;
    const needs = at === 0 ? [] : [`stage${at}`];
    return [`stage${at + 1}`, { needs, steps: [{ name: `script${at + 1}`, shell: "sh", ...step }] }] as const;
  });
  return { metadata: { name: "recovery", version: "1.0.0" }, orchestration: { jobs: Object.fromEntries(jobs) } };
}

/** Says where it is, waits until a file appears, and goes on. */
export function gated(gate: string, code = 0): string {
  return `echo begin $$\nwhile [ ! -e '${gate}' ]; do sleep 0.02; done\necho end\nexit ${code}`;
}

/** What the first attempt of a script wrote; `name` is how its file begins. */
export async function logOf(daemon: Daemon, jobId: string, name: string): Promise<string> {
  const folder = join(await daemon.workspace.jobFolder(jobId), "scripts");
  const file = (await readdir(folder)).find((found) => found.startsWith(name) && found.endsWith(".log"));
  return file === undefined ? "" : readFile(join(folder, file), "utf8");
}

/** The pid that a gated script printed. */
export async function scriptPid(daemon: Daemon, jobId: string, name: string): Promise<number> {
  const line = await waitFor(`the first line of ${name}`, async () =>
    /begin (\d+)\n/.exec(await logOf(daemon, jobId, name).catch(() => "")),
  );
  return Number(line[1]);
}

/** What happened, in order. */
export function types(events: readonly Event[]): string[] {
  return events.map(({ type }) => type);
}

/** Every seq from 1 on, each once. */
export function assertWhole(events: readonly Event[]): void {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, at) => at + 1),
  );
}
