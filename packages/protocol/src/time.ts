import { Type, type Static } from "typebox";

/**
 * A moment as the daemon knows it. `wallMs` is ms since the epoch and may jump; `monotonicMs` counts ms since this
 * boot, is the same clock for every process of the boot, and stands still while the machine sleeps; `bootId` names
 * the boot, because monotonic values of two boots must never be compared.
 */
export const Instant = Type.Object({
  wallMs: Type.Number(),
  monotonicMs: Type.Number(),
  bootId: Type.String(),
});
export type Instant = Static<typeof Instant>;

/** A moment in the future, kept so that a daemon of the same boot continues the very same countdown. */
export const Deadline = Instant;
export type Deadline = Instant;
