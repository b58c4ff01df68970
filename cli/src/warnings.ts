/** Slips that a start told of, for people. Programs find them in the document. */
import type { Diagnostic } from "@aither/protocol";
import type { Context } from "./context.ts";
import { diagnosticLine } from "./errors.ts";

/** More would hide the job itself. */
const SHOWN_MAX = 5;

/** `more` shows all of them. */
export function tellWarnings({ io, json, quiet }: Context, warnings: readonly Diagnostic[], more: string): void {
  if (json || quiet) return;
  for (const one of warnings.slice(0, SHOWN_MAX)) {
    io.say(`${diagnosticLine(one, io.talkTheme)}${one.fix === null ? "" : io.talkTheme.dim(` — ${one.fix}`)}`);
  }
  const rest = warnings.length - SHOWN_MAX;
  if (rest > 0) io.say(io.talkTheme.dim(`and ${rest} more: ${more}`));
}
