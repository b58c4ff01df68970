import type { Fact } from "@aither/protocol";

/**
 * A timer only wakes us. What is overdue is read off the state and the clock: time limits by `settle`, waits between
 * attempts by `ready`. So a timer that comes late, twice or for something long gone can do no harm.
 */
export function timer(): Fact[] {
  return [];
}
