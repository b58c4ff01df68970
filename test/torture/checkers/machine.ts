/** What the daemon does to the machine: I8 … I12. */
import type { Checker } from "../lib/history.ts";
import { jobOf } from "./facts.ts";

/** I8: a job that has ended has no process, or says which. */
export const nothingLeftBehind: Checker = {
  name: "I8 nothing-left-behind",
  *find({ journals, alive, groupsLeft }) {
    for (const { pid, marker } of alive) {
      const events = journals.find(({ jobId }) => jobId === jobOf(marker))?.events ?? [];
      const listed = events.some((event) => "leftovers" in event && event.leftovers?.includes(pid) === true);
      if (!listed) yield `process ${pid} of ${marker} is alive and nobody says so`;
    }
    for (const group of groupsLeft) yield `the control group ${group} is left although its job has ended`;
  },
};

/** I9: no signal to a process that is not ours. */
export const noStrayedSignals: Checker = {
  name: "I9 no-strayed-signals",
  *find({ strayedSignals }) {
    for (const signal of strayedSignals) yield `a stranger got ${signal}`;
  },
};

/** I10: one daemon a state folder, and it ends only when it is told to. */
export const oneDaemon: Checker = {
  name: "I10 one-daemon",
  *find({ daemonsAtOnce, unaskedEnds }) {
    if (daemonsAtOnce > 1) yield `${daemonsAtOnce} daemons had this state folder at once`;
    for (const end of unaskedEnds) yield `the daemon ended by itself: ${end}`;
  },
};

/** I11: recovery that is run again changes nothing. */
export const recoveryIsIdempotent: Checker = {
  name: "I11 recovery-is-idempotent",
  *find({ changedByRecovery }) {
    for (const path of changedByRecovery) yield `${path} changed by recovery of jobs that had ended`;
  },
};

/** I12: to look is not to write. */
export const lookingNeverWrites: Checker = {
  name: "I12 looking-never-writes",
  *find({ changedByListing }) {
    for (const path of changedByListing) yield `${path} changed by looking`;
  },
};
