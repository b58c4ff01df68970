/** A guard, not a measure: where many wait for two cores, a start takes half a minute, and starts are cut short. */
export const PATIENCE_MS = 15 * 60_000;
