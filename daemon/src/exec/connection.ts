/** What an attempt has to do with the world around it. */
import type { Observation } from "@aither/core";
import type { LogLimit } from "@aither/protocol";
import type { AttemptFiles, DurableFs, IdentityOptions, LivenessSweep, Tail } from "@aither/supervise";
import type { Leftovers } from "./leftovers.ts";

export type Connection = {
  readonly fs: DurableFs;
  readonly files: AttemptFiles;
  readonly marker: string;
  readonly identity: IdentityOptions;
  readonly tail: Tail;
  readonly sweep: LivenessSweep;
  readonly leftovers: Leftovers;
  /** Its control group, where there is one. */
  readonly cgroupDir: () => string | undefined;
  readonly report: (observation: Observation) => void;
  readonly trouble: (error: unknown) => void;
  /** Its wrapper is dead and its script is not. */
  readonly orphaned: (wrapperPid: number | null) => void;
  /** Its log is longer than it should be, and this disk cannot give back a part of a file. */
  readonly notCut: () => void;
  /** Its script named these as secret. */
  readonly learn: (values: readonly string[]) => void;
  /** Resolves when every later daemon knows them, too. */
  readonly learned: () => Promise<void>;
  /** For scripts that do not say how much of their log is kept. */
  readonly logLimit: LogLimit | null;
};
