import type { JobId } from "@aither/protocol";

/** Chance as a parameter. */
export interface Ids {
  jobId(): JobId;
  /** The next small number; never given out twice in one home, gaps are allowed. */
  jobNumber(): number;
  readonly daemonId: string;
}
