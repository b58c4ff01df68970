import type { JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import type { CacheLimits } from "../config.ts";
import type { Log } from "../host.ts";
import type { FileStore } from "../store/store.ts";
import { Cache } from "./cache.ts";

/** The cache of a home, beside its jobs. Nothing of it is made before somebody needs it. */
export function cacheOf(parts: {
  readonly store: FileStore;
  readonly log: Log;
  readonly limits: CacheLimits;
  readonly job: (jobId: JobId) => JobState | undefined;
}): Cache {
  const { store, log, limits, job } = parts;
  return new Cache({
    root: store.layout.cache,
    fs: store.fs,
    log,
    limits,
    job: (jobId) => {
      const state = job(jobId);
      return state && { number: state.number, playbook: state.plan.name };
    },
  });
}
