import type { Context } from "./context.ts";
import { exit } from "./exit.ts";

export type Leaving = Disposable & {
  readonly signal: AbortSignal;
  /** The exit code when we were made to leave: 130 after Ctrl-C, 0 when nobody reads any more; else null. */
  readonly code: number | null;
};

/** For whoever only looks on: Ctrl-C, a closed terminal or a reader that went away end the looking, never the job. */
export function leaving(context: Context, comeBack: string | null): Leaving {
  const controller = new AbortController();
  let code: number | null = null;
  const leave = (): void => {
    code ??= exit.stopped;
    if (!controller.signal.aborted && comeBack !== null && !context.quiet)
      context.io.say(`\nThe job goes on. Come back with: ${comeBack}`);
    controller.abort();
  };
  const unread = (): void => {
    code ??= exit.done;
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, leave);
  context.io.unread.addEventListener("abort", unread, { once: true });
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, leave);
      context.io.unread.removeEventListener("abort", unread);
    },
  };
}
