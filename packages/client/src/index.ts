/** The client that runs anywhere. `@aither/client/node` and `@aither/client/browser` add how to reach a daemon. */
export { createClientOver } from "./client.ts";
export type { Aither, JobsPage, JobsQuery, StartDefaults, StartOptions, What } from "./client.ts";
export { hasEnded, JobHandle } from "./job.ts";
export type { WaitOptions } from "./job.ts";
export {
  AitherError,
  fail,
  isAitherError,
  isAmbiguous,
  isNotFound,
  ConnectionCut,
  isUnreachable,
  isWrongState,
} from "./problem.ts";
export { call, open, readText } from "./call.ts";
export type { CallOptions } from "./call.ts";
export { isEnd } from "./events.ts";
export type { EventsOptions } from "./events.ts";
export type { LogsOptions } from "./logs.ts";
export type { AllFrame, JobFrame } from "./watch.ts";
export type { FrameSocket, HttpReply, HttpRequest, Transport, Wake } from "./transport.ts";
