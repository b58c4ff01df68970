/** Live scripts at once over all jobs, when no setting says otherwise. */
export const slotsDefault = 256;
/** Scripts in one plan. */
export const scriptsMax = 5_000;
/** Scripts of one leg under way at once, whatever the playbook says: so many are looked at after every event. */
export const parallelMax = 1_024;
/** Events in one job's journal. */
export const eventsMax = 1_000_000;
/** After a cancel or a time limit: how long scripts whose condition asks for it may still run. */
export const cleanUpMs = 5 * 60_000;
/** Attempts in a row that were never started before the script counts as failed. */
export const fencesMax = 3;
/** How often a script whose process vanishes is run again before it counts as failed. */
export const interruptionsMax = 3;
/** A wait between attempts, whatever the playbook says. */
export const backoffMaxMs = 24 * 3_600_000;
/**
 * How far the clock of a file's times may be behind the one that tells events: the kernel moves it on with each tick,
 * which is 10 ms where `CONFIG_HZ` is 100. An end is told by the time of its record.
 */
export const fileClockStepMs = 10;
