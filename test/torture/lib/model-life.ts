/** The real engine and the real journal over a modelled disk; only processes are pretended: they end at once. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Engine, type EnsureRequest, type Executor } from "@aither/engine";
import type { Observation } from "@aither/core";
import type { JobId, Plan } from "@aither/protocol";
import { createDurableFs, preallocateExit, syncExit, type DurableFs, type RawFs } from "@aither/supervise";
import { openState } from "../../../daemon/src/store/format.ts";
import { JobFolders } from "../../../daemon/src/store/job-folders.ts";
import { FileJournal } from "../../../daemon/src/store/journal.ts";
import { filesOf, layout } from "../../../daemon/src/store/layout.ts";
import { writeOrigin } from "../../../daemon/src/store/origin.ts";

export const STATE = "/s";

export type Opened = {
  readonly fs: DurableFs;
  readonly folders: JobFolders;
  readonly journal: FileJournal;
  said: string[];
};

/** What a new daemon does first, before anything is recovered. */
export async function open(raw: RawFs): Promise<Opened> {
  const fs = createDurableFs(raw);
  const names = layout(STATE);
  const said: string[] = [];
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  await fs.makeDir(STATE);
  await fs.syncDir("/");
  await openState(fs, names);
  const folders = new JobFolders(names, fs);
  const onRetire = async (jobId: JobId): Promise<void> => {
    const folder = await folders.find(jobId);
    if (folder !== undefined) await fs.writeAtomic(join(folder, "result.json"), Buffer.from("{}"));
  };
  const log = { debug: say, info: say, warn: say, error: say };
  return { fs, folders, journal: new FileJournal({ fs, folders, log, check: async () => undefined, onRetire }), said };
}

/** Every attempt starts and ends at once, with its exit record put on disk as the real executor does. */
class InstantExecutor implements Executor {
  readonly name = "local";
  readonly slots = 8;
  readonly #opened: Opened;
  #listener: (observation: Observation) => void = () => undefined;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  onObservation(listener: (observation: Observation) => void): void {
    this.#listener = listener;
  }

  ensure({ ref }: EnsureRequest): void {
    void (async () => {
      const { fs, folders } = this.#opened;
      const files = filesOf((await folders.find(ref.jobId)) ?? "", ref);
      await preallocateExit(fs, files);
      const handle = { bootId: "b", pid: 4, startTime: "1", startedAtMs: 0 };
      this.#listener({ is: "started", ref, handle });
      await syncExit(fs, files);
      this.#listener({
        is: "exited",
        ref,
        exitCode: 0,
        signal: null,
        endedAtMs: 0,
        handle,
        outputs: {},
        leftovers: [],
      });
    })();
  }

  signal(): void {}
  freeze(): void {}
  release(): void {}
}

export type Life = { readonly engine: Engine; readonly end: () => Promise<void> };

let ids = 0;

/** `told` hears what anybody is told: that is what must never be lost. */
export async function live(opened: Opened, told: (what: string) => void): Promise<Life> {
  const { journal, folders } = opened;
  const clock = {
    now: () => ({ wallMs: Date.UTC(2026, 10, 22), monotonicMs: 0, bootId: "b" }),
    after: (_delayMs: number, callback: () => void) => {
      const timer = setImmediate(callback);
      return () => clearImmediate(timer);
    },
  };
  const engine = new Engine({
    clock,
    journal,
    executor: new InstantExecutor(opened),
    ids: {
      daemonId: "d",
      jobId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
      jobNumber: () => ids,
    },
    slots: 8,
    onFatal: (error) => {
      throw error;
    },
    downSince: null,
  });
  engine.onPublished(({ event }) => told(`event ${event.jobId} ${event.seq}`));
  await engine.start();
  const end = async (): Promise<void> => {
    await engine.stop();
    await journal.close();
    void folders;
  };
  return { engine, end };
}

/** Starts a job and waits for its end. */
export async function runJob(
  opened: Opened,
  { engine }: Life,
  plan: Plan,
  told: (what: string) => void,
): Promise<JobId> {
  const started = await engine.startJob({
    requestId: `key-${ids}`,
    name: "model",
    plan,
    options: { useCache: false, generateSummary: false, priority: 0 },
    by: "test",
    parent: null,
    passedBefore: [],
    prepare: async (jobId) =>
      writeOrigin(opened.fs, await opened.folders.create(jobId, Date.UTC(2026, 10, 22)), {
        env: { A: "b" },
        umask: null,
      }),
  });
  if (!started.ok) throw new Error(JSON.stringify(started.problem));
  const { id } = started.value;
  told(`accepted ${id}`);
  for await (const item of engine.watch(id, {})) if (item.is === "end") break;
  while (await opened.folders.isLinked(id)) await delay(1);
  return id;
}
