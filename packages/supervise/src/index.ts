/** Processes that outlive their starter, as files; and a disk one can trust. */
export {
  attemptFiles,
  EXIT_RECORD_BYTES,
  fileSize,
  formatClaim,
  parseClaim,
  parseExit,
  ClaimUnreadable,
  readClaim,
  readExit,
  signalOfCode,
} from "./attempt-files.ts";
export type { AttemptFiles, Claim, ClaimFound, ExitFound, ExitRecord, ProcessRef } from "./attempt-files.ts";
export type { AttemptTarget, FoundBy, FoundProcess } from "./attempt-target.ts";
export { cgroupName, cgroupPids, findCgroupRoot, leaveAttempt, prepareCgroups, removeCgroup } from "./cgroup.ts";
export type { CgroupRoot } from "./cgroup.ts";
export { fence, preallocateExit, syncExit } from "./claim.ts";
export type { FenceResult } from "./claim.ts";
export { createDurableFs, leftoverTemporaries, SyncFailed } from "./durable-fs.ts";
export type { AppendHandle, DurableFs } from "./durable-fs.ts";
export type { RawFile, RawFs } from "./raw-fs.ts";
export { identify, isAlive, isSameProcess, isShortage, readBootId, readProcessStat } from "./identity.ts";
export type { IdentityOptions, ProcessStat } from "./identity.ts";
export { Spawner } from "./spawner.ts";
export type { AttemptSpec, SpawnerOptions, StartResult } from "./spawner.ts";
export { INLINE_TEXT_BYTES_MAX, inlineScript, splitEnvironment } from "./wrapper.ts";
export { findProcesses } from "./find.ts";
export { findScripts, freeze, kill, killWrapper, terminate, thaw } from "./kill.ts";
export type { KillOptions, KillReport } from "./kill.ts";
export { findTerminalHolder, TERMINAL_SIZE } from "./terminal.ts";
export type { Terminal, TerminalHolder, TerminalSize } from "./terminal.ts";
export { LivenessSweep } from "./sweep.ts";
export { Tail } from "./tail.ts";
export type { FollowOptions, TailChunk, TailOptions } from "./tail.ts";
export type { Sink } from "./growing-file.ts";
export { INDEX_RECORD_BYTES, offsetSince, readIndex, recordOffset, timeOfOffset } from "./tail-index.ts";
export type { IndexRecord } from "./tail-index.ts";
export { watchExits } from "./watch-exits.ts";
export type { WatchExitsOptions } from "./watch-exits.ts";
export { endInput, sendInput } from "./input.ts";
export type { InputResult } from "./input.ts";
export { HEAD_BYTES, keepEnds, readCut, TAIL_BYTES } from "./limit.ts";
export type { Cut, KeepEndsOptions } from "./limit.ts";
