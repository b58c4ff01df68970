/** The commands people type all day: they are in the first file that is loaded. */
import { cancel } from "./commands/jobs/cancel.ts";
import { list } from "./commands/jobs/list.ts";
import { jobStatus } from "./commands/jobs/status.ts";
import { listPlaybooks } from "./commands/playbooks/list.ts";
import type { Context } from "./context.ts";
import type { Input } from "./input.ts";

/** Gives the exit code. */
export type Run = (context: Context, input: Input) => Promise<number>;

export const hot: Readonly<Record<string, Run>> = {
  "jobs list": list,
  "jobs status": jobStatus,
  "jobs cancel": cancel,
  "playbooks list": listPlaybooks,
};
