/** Store, engine, executor and API as the daemon puts them together, in this process, behind a real Unix socket. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planOf, stageOf } from "@aither/core/testing";
import { Engine } from "@aither/engine";
import {
  places as placesOf,
  settings,
  type JobId,
  type Places,
  type ScriptPlan,
  type StagePlan,
} from "@aither/protocol";
import { readBootId, Tail } from "@aither/supervise";
import type { FastifyInstance } from "fastify";
import { buildApi } from "../../../daemon/src/api/app.ts";
import { AuditLog } from "../../../daemon/src/audit/audit-log.ts";
import { createClock } from "../../../daemon/src/clock.ts";
import { Aftermath } from "../../../daemon/src/after/aftermath.ts";
import { withDoors } from "../../../daemon/src/doors/open.ts";
import { LocalControl } from "../../../daemon/src/exec/control.ts";
import { cacheOf } from "../../../daemon/src/cache/build.ts";
import { LocalExecutor } from "../../../daemon/src/exec/local.ts";
import type { Host, Log } from "../../../daemon/src/host.ts";
import { createIds, newInstance } from "../../../daemon/src/ids.ts";
import { createPlanner } from "../../../daemon/src/playbooks/planner.ts";
import { namePattern } from "../../../daemon/src/secrets/names.ts";
import { FileStore } from "../../../daemon/src/store/store.ts";
import { realScripts } from "../../../daemon/src/testing/plans.ts";

export { inline as sh } from "../../../daemon/src/testing/plans.ts";

export class Lab implements AsyncDisposable {
  readonly root: string;
  readonly said: string[] = [];
  #life: Life | undefined;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<Lab> {
    const lab = new Lab(await mkdtemp(join(tmpdir(), "al-")));
    lab.#life = await begin(lab);
    return lab;
  }

  get host(): Host {
    return this.#now.host;
  }

  get socket(): string {
    return this.#now.host.places.socket;
  }

  /** Ends this life in good order and begins the next one on the same files. Scripts run on. */
  async restart(): Promise<void> {
    await this.pause(async () => undefined);
  }

  /** The same, with something that happens in between. */
  async pause(meanwhile: () => Promise<void>): Promise<void> {
    await this.#now.end();
    await meanwhile();
    this.#life = await begin(this);
  }

  /** Starts a job of one stage that runs these scripts, `parallel` of them at once. */
  async run(
    scripts: readonly Partial<ScriptPlan>[],
    { parallel = 1, secrets = {} }: { parallel?: number; secrets?: Readonly<Record<string, string>> } = {},
  ): Promise<JobId> {
    return this.runStages([stage("s", scripts, parallel)], secrets);
  }

  /** `secrets` are variables of the scripts whose values are masked. */
  async runStages(stages: readonly StagePlan[], secrets: Readonly<Record<string, string>> = {}): Promise<JobId> {
    const started = await this.host.engine.startJob({
      requestId: null,
      name: "lab",
      plan: { ...planOf([], { name: "lab", workspace: this.root }), stages: [...stages] },
      options: { useCache: false, generateSummary: false, priority: 0 },
      by: "test",
      parent: null,
      passedBefore: [],
      prepare: async (jobId) =>
        this.host.store.putOrigin(jobId, {
          env: { PATH: process.env["PATH"] ?? "", ...secrets },
          umask: null,
          secrets: Object.entries(secrets).map(([name, value]) => ({ name, value })),
        }),
    });
    if (!started.ok) throw new Error(JSON.stringify(started.problem));
    return started.value.id;
  }

  async ended(jobId: JobId): Promise<void> {
    for await (const item of this.host.engine.watch(jobId, {})) if (item.is === "end") return;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#now.end();
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  get #now(): Life {
    if (this.#life === undefined) throw new Error("this lab has no daemon");
    return this.#life;
  }
}

type Life = { readonly host: Host; readonly end: () => Promise<void> };

async function begin(lab: Lab): Promise<Life> {
  const say = (fields: object, message: string): void => void lab.said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const tail = new Tail();
  const state = join(lab.root, "s");
  const store = new FileStore({ state, log, tail });
  await store.fs.makeDir(state);
  await store.open();
  const instance = newInstance();
  const limits = { bytesMax: 1024 ** 3, daysMax: 30 };
  const cache = cacheOf({ store, log, limits, job: (jobId) => engine.job(jobId) });
  const executor = new LocalExecutor({
    slots: 64,
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
    onDiskFailed: (error) => lab.said.push(`fatal: ${String(error)}`),
    jobNumber: (jobId) => engine.job(jobId)?.number ?? 0,
    cache,
  });
  const engine: Engine = new Engine({
    clock: createClock(readBootId()),
    journal: store.journal,
    executor,
    ids: createIds({ daemonId: instance, nextNumber: () => store.nextNumber() }),
    slots: 64,
    onFatal: (error) => lab.said.push(`fatal: ${String(error)}`),
    downSince: null,
  });
  engine.onPublished(cache.onPublished);
  store.connect(engine);
  executor.open();
  const after = new Aftermath({ folder: store.layout.after, fs: store.fs, folders: store.folders, store, engine, log });
  engine.onPublished(after.onPublished);
  await engine.start();
  await after.start();
  store.settleNumbers();
  const places = { ...placesOf(around(lab.root)), socket: join(lab.root, "a.sock"), state, ...roots(lab.root) };
  const audit = new AuditLog({ path: places.auditLog, log, nowMs: Date.now });
  const { host, hub, loopback } = withDoors(
    {
      engine,
      after,
      planner: createPlanner(),
      store,
      cache,
      control: new LocalControl({ folders: store.folders, identity: {}, job: (jobId) => engine.job(jobId) }),
      pools: {},
      isSecretName: namePattern(settings.secretNames.default),
      cgroup: { why: "this is no whole daemon" },
      places,
      settings: { viewerLogs: true },
      audit,
      instance,
      startedAt: new Date().toISOString(),
      log,
      stop: () => lab.said.push("asked to stop"),
    },
    store.fs,
  );
  const api: FastifyInstance = buildApi(host, { hub });
  await api.listen({ path: host.places.socket });
  await loopback.start();
  const end = async (): Promise<void> => {
    await loopback.close();
    await api.close();
    hub.close();
    await audit.close();
    await after.close();
    await engine.stop();
    await executor.close();
    await cache.close();
    tail.close();
    await store.close();
  };
  return { host, end };
}

function roots(root: string): Pick<Places, "home" | "socketFolder" | "auditLog"> {
  return { home: root, socketFolder: root, auditLog: join(root, "audit.ndjson") };
}

function around(root: string): Parameters<typeof placesOf>[0] {
  return { platform: process.platform, env: {}, homedir: root, uid: 0, cwd: root, sha256: () => "0".repeat(64) };
}

export function stage(id: string, scripts: readonly Partial<ScriptPlan>[], parallel = 1): StagePlan {
  return stageOf({ id, failFast: false, parallel, scripts: realScripts(id, scripts, 0) });
}
