/** Bounds of who may come in, and for how long. */
export const limits = {
  /** A link's code must be used within so long. */
  codeLifeMs: 60_000,
  /** Links that nobody has used yet. */
  codesMax: 64,
  /** Tries to exchange a code, in any minute, right or wrong. */
  exchangesPerMinuteMax: 10,
  /** Of a browser and of a token, when nobody says. */
  sessionLifeMs: 12 * 3_600_000,
  sessionsMax: 256,
  /** The listener closes when its last browser did nothing for so long; a token counts until its end. */
  idleMs: 3_600_000,
  /** How often it is looked whether a session has ended and whether anybody is left. */
  sweepMs: 15_000,
  /** When a session was last used is put on disk at most so often. */
  lastUseSavedMs: 60_000,
} as const;
