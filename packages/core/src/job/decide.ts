import type { Fact, Instant } from "@aither/protocol";
import { assert } from "../assert.ts";
import { check } from "./check.ts";
import {
  adopted,
  exited,
  lost,
  notStarted,
  progressed,
  restored,
  silent,
  spawnFailed,
  started,
} from "./decide/attempt.ts";
import { cancel } from "./decide/cancel.ts";
import { daemonStarted } from "./decide/daemon.ts";
import { pause } from "./decide/pause.ts";
import { resume } from "./decide/resume.ts";
import { skip } from "./decide/skip.ts";
import { slotGranted } from "./decide/slot.ts";
import { start } from "./decide/start.ts";
import { turnGranted } from "./decide/turn.ts";
import { timer } from "./decide/timer.ts";
import type { Input } from "./input.ts";
import { hasEnded } from "./look.ts";
import type { JobState } from "./state.ts";

type Decide<Kind extends Input["is"]> = (state: JobState, input: Extract<Input, { is: Kind }>, now: Instant) => Fact[];

/** Every kind of input has its answer here; a new kind is a compile error until it has one. */
const answers: { readonly [Kind in Exclude<Input["is"], "start">]: Decide<Kind> } = {
  cancel,
  pause,
  resume,
  skip,
  started,
  adopted,
  exited,
  lost,
  restored,
  "not-started": notStarted,
  "spawn-failed": spawnFailed,
  progressed,
  silent,
  timer,
  "slot-granted": slotGranted,
  "turn-granted": turnGranted,
  "daemon-started": daemonStarted,
};

/**
 * What an input means, as facts in order; `settle` then says what follows from them. An input that means nothing
 * (late, repeated, or a command that `check` refuses) has none.
 */
export function decide(state: JobState | null, input: Input, now: Instant): Fact[] {
  if (input.is === "start") return state === null ? start(input) : [];
  assert(state !== null, `${input.is} for a job that does not exist`);
  if (hasEnded(state)) return [];
  if (isCommand(input) && check(state, input) !== null) return [];
  // The map pairs each kind with its own answer; the compiler loses the pair when it looks one up.
  const answer = answers[input.is] as Decide<typeof input.is>;
  return answer(state, input as never, now);
}

type CommandInput = Extract<Input, { is: "cancel" | "pause" | "resume" | "skip" }>;

function isCommand(input: Input): input is CommandInput {
  return input.is === "cancel" || input.is === "pause" || input.is === "resume" || input.is === "skip";
}
