import type { Prng } from "./prng.ts";

/**
 * What may go wrong in a run, as probabilities. Every seed has its own mixture (some faults are off altogether): faults
 * that are always there together hide each other.
 */
export type Faults = {
  /** Before any step: the daemon is killed. */
  readonly crash: number;
  /** A crash takes the whole machine down: all processes die, the boot changes. */
  readonly reboot: number;
  /** A reboot forgets a claim that nobody had synced. */
  readonly claimForgotten: number;
  /** A sync answers EIO. */
  readonly diskFails: number;
  /** The command to the spawner gets lost: no wrapper will ever come. */
  readonly spawnLost: number;
  readonly spawnFails: number;
  /** The script never ends by itself. */
  readonly hung: number;
  /** The script ignores every signal but KILL. */
  readonly deaf: number;
  /** The wrapper is killed under a running script: nobody will record the exit. */
  readonly wrapperKilled: number;
  readonly reportTwice: number;
  readonly reportLate: number;
  /** Before any step: the wall clock is set, or the machine slept. */
  readonly clockJump: number;
  readonly exitNonZero: number;
  readonly slowSubscriber: number;
  /** Somebody asks for something just when something happened: that is when races are. */
  readonly hasty: number;
};

export const calm: Faults = {
  crash: 0,
  reboot: 0,
  claimForgotten: 0,
  diskFails: 0,
  spawnLost: 0,
  spawnFails: 0,
  hung: 0,
  deaf: 0,
  wrapperKilled: 0,
  reportTwice: 0,
  reportLate: 0,
  clockJump: 0,
  exitNonZero: 0.1,
  slowSubscriber: 0,
  hasty: 0,
};

/** The mixture of one seed. */
export function drawFaults(prng: Prng): Faults {
  const some = (probabilityOn: number, max: number): number => (prng.chance(probabilityOn) ? prng.next() * max : 0);
  return {
    crash: some(0.7, 0.03),
    reboot: some(0.4, 0.5),
    claimForgotten: some(0.3, 0.5),
    diskFails: some(0.2, 0.02),
    spawnLost: some(0.3, 0.2),
    spawnFails: some(0.3, 0.3),
    hung: some(0.4, 0.3),
    deaf: some(0.5, 0.6),
    wrapperKilled: some(0.3, 0.2),
    reportTwice: some(0.5, 0.4),
    reportLate: some(0.5, 0.4),
    clockJump: some(0.3, 0.02),
    exitNonZero: some(0.8, 0.5),
    slowSubscriber: some(0.5, 0.8),
    hasty: some(0.5, 0.1),
  };
}
