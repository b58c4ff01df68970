/** Processes that outlive their starter, as files; and a disk one can trust. */
export {
  attemptFiles,
  EXIT_RECORD_BYTES,
  fileSize,
  formatClaim,
  parseClaim,
  parseExit,
  readClaim,
  readExit,
  signalOfCode,
} from "./attempt-files.ts";
export type { AttemptFiles, Claim, ClaimFound, ExitFound, ExitRecord, ProcessRef } from "./attempt-files.ts";
export type { AttemptTarget, FoundBy, FoundProcess } from "./attempt-target.ts";
export { fence, preallocateExit, syncExit } from "./claim.ts";
export type { FenceResult } from "./claim.ts";
export { createDurableFs, leftoverTemporaries, SyncFailed } from "./durable-fs.ts";
export type { AppendHandle, DurableFs } from "./durable-fs.ts";
export type { RawFile, RawFs } from "./raw-fs.ts";
export { identify, isAlive, isSameProcess, readBootId, readProcessStat } from "./identity.ts";
export type { IdentityOptions, ProcessStat } from "./identity.ts";
export { Spawner } from "./spawner.ts";
export type { AttemptSpec, SpawnerOptions, StartResult } from "./spawner.ts";
export { INLINE_TEXT_BYTES_MAX, inlineScript, splitEnvironment } from "./wrapper.ts";
