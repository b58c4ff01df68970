/** Everything the engine holds has a bound, and the bound has its name here. */
export const limits = {
  /** Commands that wait for their turn; one more is refused with LIMIT_REACHED. */
  mailboxItemsMax: 10_000,
  /** Inputs folded in one turn: bounds how long the loop is kept from everything else. */
  turnInputsMax: 512,
  /** Jobs whose journals are synced at once: the rest of libuv's four threads must stay free for others. */
  appendsAtOnceMax: 3,
  /** Journals read at once when starting. */
  recoveriesAtOnceMax: 16,
  /** A subscriber with more than this waiting is cut off. */
  watchEventsMax: 1_000,
  watchBytesMax: 1024 * 1024,
  /** Ended jobs kept in memory for late questions. */
  endedJobsMax: 256,
  /** Clocks jump and machines sleep: no timer sleeps longer than this without looking at the clock. */
  timerSleepMsMax: 30_000,
  /** A timer that fired and is still wanted asks again after this. */
  timerAgainMs: 30_000,
  /** Facts that may follow from one input. More means that `settle` never comes to rest: a bug. */
  factsAnInputMax: 100_000,
} as const;
