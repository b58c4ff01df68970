/** Builds the adapters around the engine, lets it recover, and only then opens the door. */
import { Engine } from "@aither/engine";
import type { Places } from "@aither/protocol";
import { readBootId, Tail, type IdentityOptions } from "@aither/supervise";
import { Aftermath } from "./after/aftermath.ts";
import { buildApi } from "./api/app.ts";
import { cacheOf } from "./cache/build.ts";
import { createClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { LocalControl } from "./exec/control.ts";
import { LocalExecutor } from "./exec/local.ts";
import type { Host, Log } from "./host.ts";
import { createIds, newInstance } from "./ids.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { listen } from "./listen.ts";
import { createPlanner } from "./playbooks/planner.ts";
import { namePattern } from "./secrets/names.ts";
import { FileStore } from "./store/store.ts";

export type Beginning = {
  readonly config: Config;
  readonly places: Places;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
};

/** Resolves when the socket answers, which is what "ready" means. The lock is held. */
export async function start({ config, places, log, lifecycle }: Beginning): Promise<void> {
  const startedAt = new Date().toISOString();
  const instance = newInstance();
  const identity: IdentityOptions = config.bootIdPath === undefined ? {} : { bootIdPath: config.bootIdPath };
  const tail = new Tail();
  const store = new FileStore({ state: places.state, log, tail });
  await store.open();
  lifecycle.onStop(async () => store.close());
  const cache = cacheOf({ store, log, limits: config.cache, job: (jobId) => engine.job(jobId) });
  const executor = new LocalExecutor({
    slots: config.slots,
    fs: store.fs,
    folders: store.folders,
    exits: store.layout.exits,
    tail,
    log,
    daemonId: instance,
    identity,
    origin: async (jobId) => store.origin(jobId),
    artifacts: config.artifacts,
    logLimit: config.logLimit,
    onDiskFailed: (error) => lifecycle.diskFailed(error),
    jobNumber: (jobId) => engine.job(jobId)?.number ?? 0,
    cache,
  });
  const engine = new Engine({
    clock: createClock(readBootId(identity)),
    journal: store.journal,
    executor,
    ids: createIds({ daemonId: instance, nextNumber: () => store.nextNumber() }),
    slots: config.slots,
    pools: config.pools,
    onFatal: (error) => lifecycle.diskFailed(error),
    downSince: await store.lastSeen(),
  });
  store.connect(engine);
  executor.open();
  engine.onPublished(cache.onPublished);
  const after = aftermathOf(store, engine, log);
  await engine.start();
  await after.start();
  store.settleNumbers();
  lifecycle.onStop(async () => {
    await after.close();
    await engine.stop();
    await executor.close();
    await cache.close();
    tail.close();
  });
  const host: Host = {
    engine,
    planner: createPlanner(),
    store,
    control: new LocalControl({ folders: store.folders, identity, job: (jobId) => engine.job(jobId) }),
    after,
    pools: config.pools,
    isSecretName: namePattern(config.secretNames),
    places,
    instance,
    startedAt,
    log,
    stop: () => lifecycle.stop("asked over the API"),
  };
  const api = buildApi(host);
  await listen(api, places, log);
  lifecycle.onStop(async () => api.close());
  store.mend();
  store.keep(config.keep);
  log.info({ home: places.home, socket: places.socket, instance, jobs: [...engine.jobs()].length }, "ready");
}

function aftermathOf(store: FileStore, engine: Engine, log: Log): Aftermath {
  const { fs, folders, layout } = store;
  const after = new Aftermath({ folder: layout.after, fs, folders, store, engine, log });
  engine.onPublished(after.onPublished);
  return after;
}
