import type {
  DaemonStatus,
  Json,
  JobSummary,
  PlanView,
  PlaybookSummary,
  Query,
  Reply,
  RouteName,
  ScriptEntry,
  SearchHit,
  StartJob,
} from "@aither/protocol";
import { call, type CallOptions } from "./call.ts";
import { JobHandle } from "./job.ts";
import { ConnectionCut } from "./problem.ts";
import { search, type SearchOptions } from "./search.ts";
import type { Transport } from "./transport.ts";
import { watchAll, type AllFrame } from "./watch.ts";

/** What to run: a playbook by name or file, scripts by a selector, or the text of an unsaved playbook. */
export type What = string | { readonly selector: string } | { readonly text: string };

export type StartOptions = Omit<StartJob, "playbook" | "selector" | "text" | "variables"> & {
  readonly variables?: Readonly<Record<string, Json>>;
  /** A repeat with the same id gives the same job. Default: a fresh one for each call. */
  readonly requestId?: string;
};

/** What a start carries when the caller does not say: workspace, environment, umask. */
export type StartDefaults = () => Brought | Promise<Brought>;
type Brought = Partial<Pick<StartJob, "workspace" | "env" | "umask">>;

export type JobsQuery = { readonly [K in keyof Query<"listJobs">]?: Query<"listJobs">[K] | undefined };

export type JobsPage = { readonly jobs: readonly JobSummary[]; readonly next: number | null; readonly cursor: string };

/** Everything that can be asked of a daemon. */
export interface Aither {
  readonly where: string;
  /** Starts a job. Resolves when its first fact is on the daemon's disk. */
  start(what: What, options?: StartOptions): Promise<JobHandle>;
  /** What would run; starts nothing. */
  plan(what: What, options?: Omit<StartOptions, "requestId">): Promise<PlanView>;
  /** A job by number, id, unique part of an id, `latest`, or a playbook's name. Asks nothing yet. */
  job(ref: string | number): JobHandle;
  /** One page of history, newest first. */
  jobs(query?: JobsQuery): Promise<JobsPage>;
  /** Lines of all jobs' output that hold a text, newest job first. */
  search(text: string, options?: SearchOptions): AsyncGenerator<SearchHit, void, undefined>;
  playbooks(options?: { readonly workspace?: string }): Promise<readonly PlaybookSummary[]>;
  scripts(options?: { readonly workspace?: string }): Promise<readonly ScriptEntry[]>;
  daemon(): Promise<DaemonStatus>;
  /** All jobs' events, live. */
  watch(options?: {
    readonly after?: string;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<AllFrame, void, undefined>;
  /** Any route by its name. */
  call<Name extends RouteName>(name: Name, options: CallOptions<Name>): Promise<Reply<Name>>;
}

/** A client over any transport. Node programs take `createClient` of `@aither/client/node`, pages that of `/browser`. */
export function createClientOver(transport: Transport, defaults: StartDefaults = () => ({})): Aither {
  const scope = async (workspace?: string) => ({ query: { workspace: workspace ?? (await defaults()).workspace } });
  return {
    where: transport.where,
    async start(what, { requestId = crypto.randomUUID(), ...options } = {}) {
      const body = bodyOf(what, { ...(await defaults()), ...options });
      const request = { body, headers: { "idempotency-key": requestId } };
      const reply = await call(transport, "startJob", request).catch((error: unknown) => {
        // The answer may have been lost after the job was written down: the key makes the repeat safe.
        if (!(error instanceof ConnectionCut)) throw error;
        return call(transport, "startJob", request);
      });
      return new JobHandle(transport, reply.jobId, reply);
    },
    plan: async (what, options = {}) =>
      call(transport, "planPlaybook", { body: bodyOf(what, { ...(await defaults()), ...options }) }),
    job: (ref) => new JobHandle(transport, String(ref)),
    jobs: (query = {}) => call(transport, "listJobs", { query }),
    search: (text, options) => search(transport, text, options),
    playbooks: async ({ workspace } = {}) => (await call(transport, "listPlaybooks", await scope(workspace))).playbooks,
    scripts: async ({ workspace } = {}) => (await call(transport, "listScripts", await scope(workspace))).scripts,
    daemon: () => call(transport, "daemonStatus", {}),
    watch: (options = {}) => watchAll(transport, options),
    call: (name, options) => call(transport, name, options),
  };
}

function bodyOf(what: What, options: Omit<StartOptions, "requestId">): StartJob {
  const body: StartJob = {
    ...(typeof what === "string" ? { playbook: what } : what),
    ...(options as Omit<StartJob, "playbook">),
  };
  return body;
}
