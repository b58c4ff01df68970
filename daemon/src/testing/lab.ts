import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEnded, type JobState } from "@aither/core";
import { planOf } from "@aither/core/testing";
import { Engine } from "@aither/engine";
import type { JobId, Plan, ScriptPlan } from "@aither/protocol";
import { readBootId, Tail } from "@aither/supervise";
import { createClock } from "../clock.ts";
import { cacheOf } from "../cache/build.ts";
import { LocalExecutor } from "../exec/local.ts";
import type { Log } from "../host.ts";
import { createIds, newInstance } from "../ids.ts";
import { FileStore } from "../store/store.ts";
import { realScripts } from "./plans.ts";

/** Store, engine and executor as the daemon puts them together, without its door. */
export type Lab = {
  root: string;
  engine: Engine;
  store: FileStore;
  said: string[];
  run: (scripts: readonly Partial<ScriptPlan>[], env?: Record<string, string>) => Promise<JobId>;
  ended: (jobId: JobId) => Promise<JobState>;
};

export async function lab(use: (lab: Lab) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "ax-"));
  const parts = await assemble(root);
  const { engine, store, said, fatal, close } = parts;
  try {
    await use({
      root,
      engine,
      store,
      said,
      run: async (scripts, env = {}) => start(parts, plan(root, scripts), env),
      ended: async (jobId) => {
        for await (const item of engine.watch(jobId, {})) if (item.is === "end") break;
        const state = engine.job(jobId);
        assert.ok(state !== undefined && hasEnded(state));
        return state;
      },
    });
  } catch (error) {
    process.stderr.write(`${said.join("\n")}\n${fatal.map(String).join("\n")}\n`);
    throw error;
  } finally {
    await close();
    await rm(root, { recursive: true });
  }
  assert.deepEqual(fatal, []);
}

async function start({ engine, store }: Parts, what: Plan, env: Record<string, string>): Promise<JobId> {
  const started = await engine.startJob({
    requestId: null,
    name: "lab",
    plan: what,
    options: { useCache: false, generateSummary: false, priority: 0 },
    by: "test",
    parent: null,
    passedBefore: [],
    prepare: async (jobId) =>
      store.putOrigin(jobId, { env: { PATH: process.env["PATH"] ?? "", ...env }, umask: 0o027 }),
  });
  assert.ok(started.ok, JSON.stringify(started));
  return started.value.id;
}

type Parts = {
  engine: Engine;
  store: FileStore;
  said: string[];
  fatal: unknown[];
  close: () => Promise<void>;
};

async function assemble(root: string): Promise<Parts> {
  const said: string[] = [];
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const tail = new Tail();
  const store = new FileStore({ state: join(root, "s"), log, tail });
  await store.fs.makeDir(join(root, "s"));
  await store.open();
  const instance = newInstance();
  const fatal: unknown[] = [];
  const limits = { bytesMax: 1024 ** 3, daysMax: 30 };
  const cache = cacheOf({ store, log, limits, job: (jobId) => engine.job(jobId) });
  const executor = new LocalExecutor({
    slots: 16,
    fs: store.fs,
    folders: store.folders,
    exits: store.layout.exits,
    secrets: store.secrets,
    tail,
    log,
    artifacts: { bytesMax: 1024 ** 3, filesMax: 10_000 },
    daemonId: instance,
    identity: {},
    origin: async (jobId) => store.origin(jobId),
    onDiskFailed: (error) => void fatal.push(error),
    jobNumber: (jobId) => engine.job(jobId)?.number ?? 0,
    cache,
  });
  const engine: Engine = new Engine({
    clock: createClock(readBootId()),
    journal: store.journal,
    executor,
    ids: createIds({ daemonId: instance, nextNumber: () => store.nextNumber() }),
    slots: 16,
    onFatal: (error) => fatal.push(error),
    downSince: null,
  });
  engine.onPublished(cache.onPublished);
  store.connect(engine);
  executor.open();
  await engine.start();
  const close = async (): Promise<void> => {
    await engine.stop();
    await executor.close();
    await cache.close();
    tail.close();
    await store.close();
  };
  return { engine, store, said, fatal, close };
}

function plan(workspace: string, scripts: readonly Partial<ScriptPlan>[]): Plan {
  return planOf([{ id: "s", failFast: false, scripts: realScripts("s", scripts, 1) }], { name: "lab", workspace });
}
