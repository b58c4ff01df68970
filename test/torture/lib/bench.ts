/** A home with a ledger, for scenarios that are told step by step. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Daemon, type DaemonOptions } from "../../rig/daemon.ts";
import { waitFor } from "../../rig/wait.ts";
import { violationsOf } from "../checkers/index.ts";
import { submit, type Clients } from "./clients.ts";
import { collect } from "./collect.ts";
import { Diary } from "./diary.ts";
import type { Violation } from "./history.ts";
import { names, read } from "./machine.ts";
import type { ScriptSpec } from "./script.ts";
import type { JobSpec } from "./workload.ts";

export type Bench = {
  readonly daemon: Daemon;
  readonly diary: Diary;
  readonly ledger: string;
  /** Sends the job with this key; returns its id. */
  readonly start: (key: string) => Promise<string>;
  /** Where the files of an attempt of a script are, without their endings. */
  readonly base: (jobId: string, script: number, attempt: number) => Promise<string>;
  readonly violations: () => Violation[];
};

/** One job of one stage for each of these lists of scripts; keys are `job-1`, `job-2` … */
export function jobs(...scripts: readonly (readonly Partial<ScriptSpec>[])[]): JobSpec[] {
  let id = 0;
  return scripts.map((list, at) => ({
    key: `job-${at + 1}`,
    stages: [
      {
        parallel: true,
        scripts: list.map((spec) => ({ id: ++id, lines: 4, sleepMs: 1, idempotent: false, ...spec })),
      },
    ],
    copies: 1,
    cancelAfterMs: null,
  }));
}

/** Runs a scenario; whatever it leaves running, the daemon's end is in the way of. */
export async function onBench<T>(
  specs: readonly JobSpec[],
  options: DaemonOptions,
  run: (bench: Bench) => Promise<T>,
): Promise<T> {
  const daemon = await Daemon.start(options);
  try {
    const ledger = daemon.workspace.path("ledger");
    await writeFile(ledger, "");
    const diary = new Diary(specs);
    const clients: Clients = { daemon, diary, env: { LEDGER: ledger, BENCH: daemon.workspace.root } };
    return await run({
      daemon,
      diary,
      ledger,
      start: async (key) => {
        const spec = specs.find((one) => one.key === key);
        if (spec === undefined) throw new Error(`there is no ${key}`);
        await submit(clients, spec);
        return diary.jobs.find((job) => job.spec.key === key)?.acked[0] ?? "";
      },
      base: async (jobId, script, attempt) => {
        const folder = join(await daemon.workspace.jobFolder(jobId), "scripts");
        const ending = `x${script}.${attempt}.exit`;
        const exit = await waitFor(`${ending} of ${jobId}`, () => names(folder).find((name) => name.endsWith(ending)));
        return join(folder, exit.slice(0, -".exit".length));
      },
      violations: () =>
        violationsOf(
          collect(daemon.workspace.places.state, ledger, diary, { changedByRecovery: [], changedByListing: [] }),
        ),
    });
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}

/** Resolves when the ledger has such a line. */
export async function noted(ledger: string, what: string, patienceMs?: number): Promise<void> {
  await waitFor(`${what} in the ledger`, () => (read(ledger) ?? "").includes(what), patienceMs);
}
