/** Real time, as the engine wants it. */
import type { Clock } from "@aither/engine";
import type { Instant } from "@aither/protocol";

/** Node's timers cannot wait longer; a longer wait is made of several. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** `bootId` names the boot that the monotonic clock counts from. */
export function createClock(bootId: string): Clock {
  return {
    now: (): Instant => ({ wallMs: Date.now(), monotonicMs: monotonicMs(), bootId }),
    after: (delayMs, callback) => {
      if (delayMs <= 0) {
        const immediate = setImmediate(callback);
        return () => clearImmediate(immediate);
      }
      const dueMs = monotonicMs() + delayMs;
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const leftMs = Math.ceil(Math.max(0, dueMs - monotonicMs()));
        timer = setTimeout(() => (monotonicMs() >= dueMs ? callback() : arm()), Math.min(leftMs, TIMEOUT_MS_MAX));
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}

/** The machine's own clock (CLOCK_MONOTONIC), the same for every process of this boot. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
