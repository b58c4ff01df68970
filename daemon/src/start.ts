/** Builds the adapters around the engine, lets it recover, and only then opens the door. */
import { Engine, type EngineOptions } from "@aither/engine";
import type { Places } from "@aither/protocol";
import { readBootId, SyncFailed, Tail, type IdentityOptions } from "@aither/supervise";
import { Aftermath } from "./after/aftermath.ts";
import { buildApi } from "./api/app.ts";
import { AuditLog } from "./audit/audit-log.ts";
import { withDoors } from "./doors/open.ts";
import { cacheOf } from "./cache/build.ts";
import { createClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { Cgroups } from "./exec/cgroups.ts";
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
  const [instance, startedAt] = [newInstance(), new Date().toISOString()];
  const identity: IdentityOptions = config.bootIdPath === undefined ? {} : { bootIdPath: config.bootIdPath };
  const [tail, bootId] = [new Tail(), readBootId(identity)];
  const store = new FileStore({ state: places.state, log, tail, bootId });
  await store.open();
  lifecycle.onStop(async () => store.close());
  const cache = cacheOf({ store, log, limits: config.cache, job: (jobId) => engine.job(jobId) });
  const cgroups = cgroupsOf({ config, places, log, lifecycle }, store, identity);
  const executor = new LocalExecutor({
    slots: config.slots,
    fs: store.fs,
    folders: store.folders,
    exits: store.layout.exits,
    secrets: store.secrets,
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
    cgroups,
  });
  const engine = new Engine({
    clock: createClock(bootId),
    journal: store.journal,
    executor,
    ids: createIds({ daemonId: instance, nextNumber: () => store.nextNumber() }),
    slots: config.slots,
    pools: config.pools,
    ...failingDisk(lifecycle),
    downSince: await store.lastSeen(),
  });
  store.connect(engine);
  engine.onPublished(cache.onPublished);
  const after = aftermathOf(store, engine, log);
  await recover({ store, engine, executor, after });
  for (const part of [
    { close: async () => tail.close() },
    cache,
    executor,
    { close: async () => engine.stop() },
    after,
  ])
    lifecycle.onStop(async () => part.close());
  const walls: Omit<Host, "doors"> = {
    engine,
    planner: createPlanner(),
    store,
    control: new LocalControl({ folders: store.folders, identity, cgroups, job: (jobId) => engine.job(jobId) }),
    cgroup: cgroups.use,
    after,
    cache,
    pools: config.pools,
    isSecretName: namePattern(config.secretNames),
    places,
    settings: { viewerLogs: config.viewerLogs },
    audit: auditOf(places, log, lifecycle),
    instance,
    startedAt,
    log,
    stop: () => lifecycle.stop("asked over the API"),
  };
  await open(walls, store, lifecycle);
  store.keep(config.keep);
}

/** Every job goes on from where its journal says it was. */
async function recover(parts: {
  readonly store: FileStore;
  readonly engine: Engine;
  readonly executor: LocalExecutor;
  readonly after: Aftermath;
}): Promise<void> {
  const { store, engine, executor, after } = parts;
  executor.open();
  await engine.start();
  await after.start();
  store.settleNumbers();
  executor.tidyUp();
}

/** What has failed, and after what nothing that is not on disk can be put there any more. */
function failingDisk(lifecycle: Lifecycle): Pick<EngineOptions, "onFatal" | "isFatal"> {
  return { onFatal: (error) => lifecycle.diskFailed(error), isFatal: (error) => error instanceof SyncFailed };
}

/** They close last: whoever made attempts has let go of them by then. */
function cgroupsOf(
  { config, places, log, lifecycle }: Beginning,
  store: FileStore,
  identity: IdentityOptions,
): Cgroups {
  const { home } = places;
  const cgroups = new Cgroups({ setting: config.cgroup, home, file: store.layout.cgroups, identity, log });
  lifecycle.onStop(async () => cgroups.close());
  return cgroups;
}

function auditOf({ auditLog: path }: Places, log: Log, lifecycle: Lifecycle): AuditLog {
  const audit = new AuditLog({ path, log, nowMs: Date.now });
  lifecycle.onStop(async () => audit.close());
  return audit;
}

async function open(walls: Omit<Host, "doors">, store: FileStore, lifecycle: Lifecycle): Promise<void> {
  const { host, hub, loopback } = withDoors(walls, store.fs);
  lifecycle.onStop(async () => hub.close());
  // First, because the socket's answer means that all is ready; whatever keeps this from opening again, that answers.
  await loopback
    .start()
    .catch((error: unknown) => host.log.warn({ reason: String(error) }, "the loopback door stays closed"));
  lifecycle.onStop(async () => loopback.close());
  const api = buildApi(host, { hub });
  await listen(api, host.places, host.log);
  lifecycle.onStop(async () => api.close());
  store.mend();
  const { places, instance, engine, log } = host;
  log.info({ home: places.home, socket: places.socket, instance, jobs: [...engine.jobs()].length }, "ready");
}

function aftermathOf(store: FileStore, engine: Engine, log: Log): Aftermath {
  const { fs, folders, layout } = store;
  const after = new Aftermath({ folder: layout.after, fs, folders, store, engine, log });
  engine.onPublished(after.onPublished);
  return after;
}
