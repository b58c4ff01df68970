/** What it takes to find and signal the processes of one attempt. */
import type { ProcessRef } from "./attempt-files.ts";

export type AttemptTarget = {
  /** From the claim; undefined when no claim was ever seen and only the marker can help. */
  readonly wrapper: ProcessRef | undefined;
  /** The value of AITHER_ATTEMPT, unique to the attempt. */
  readonly marker: string;
  /** Absolute paths of the files the script writes to: a process that holds one open for writing is ours. */
  readonly outputPaths: readonly string[];
  /** A cgroup v2 directory made for this attempt alone. */
  readonly cgroupDir?: string | undefined;
};

/** How a process was recognised as belonging to the attempt. */
export type FoundBy = "session" | "marker" | "output" | "cgroup";

export type FoundProcess = {
  readonly pid: number;
  readonly startTime: string;
  readonly name: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  readonly stopped: boolean;
  /** The wrapper is ours but is spared: it records how the script ended. */
  readonly isWrapper: boolean;
  /** Holds the terminal of the script, or leads the session in it: spared as the wrapper is, and gone with the script. */
  readonly isHolder: boolean;
  readonly foundBy: FoundBy;
};
