/** What scripts did and what is said of them: I2, I3, I4, I6. */
import type { Checker, Harm, History } from "../lib/history.ts";
import { codeOf, outputOf } from "../lib/script.ts";
import { attemptOf, endsOf, harmsTo, idOf, idOfKey, jobOf, journalled, specsById, wasCancelled } from "./facts.ts";

const KILLED = 128 + 9;
const ASKED_TO_END = 128 + 15;
/** Only then may nobody know how a script ended. */
const wrapperHarms: readonly Harm[] = ["wrapper", "group", "reboot"];

function cancelledJobs(history: History): Set<string> {
  const cancelled = history.journals.filter(({ events }) => events !== undefined && wasCancelled(events));
  return new Set(cancelled.map(({ jobId }) => jobId));
}

/** I2: an attempt starts once, a script once unless somebody harmed it, and one run is over before the next begins. */
export const atMostOneStart: Checker = {
  name: "I2 at-most-one-start",
  *find(history) {
    const running = new Map<number, string>();
    const started = new Map<number, string[]>();
    for (const { what, id, marker } of history.ledger) {
      if (what === "end") {
        if (running.get(id) === marker) running.delete(id);
        continue;
      }
      const before = started.get(id) ?? [];
      if (before.includes(marker)) yield `${marker} started twice`;
      for (const other of before) {
        if (other !== marker && harmsTo(history, other).size === 0) yield `${marker} ran although ${other} had run`;
      }
      const other = running.get(id);
      // A script that was itself killed writes no end.
      if (other !== undefined && other !== marker && harmsTo(history, other).size === 0) {
        yield `${marker} began while ${other} ran`;
      }
      running.set(id, marker);
      started.set(id, [...before, marker]);
    }
    for (const { marker, fenced } of history.attempts) {
      if (fenced && started.get(idOf(marker))?.includes(marker) === true) yield `${marker} was fenced and ran`;
    }
    yield* twoEnds(history);
  },
};

function* twoEnds(history: History): Iterable<string> {
  for (const { jobId, events } of history.journals) {
    const ended = new Map<string, number>();
    for (const end of endsOf(events ?? [])) {
      if (end.how === "interrupted") continue;
      const count = (ended.get(end.script) ?? 0) + 1;
      ended.set(end.script, count);
      if (count > 1) yield `${jobId} ${end.script} ended ${count} times`;
    }
  }
}

/** I2, the other half: everything that was asked for did run. */
export const everyScriptRuns: Checker = {
  name: "I2 every-script-runs",
  *find(history) {
    const started = new Set(history.ledger.filter(({ what }) => what === "start").map(({ id }) => id));
    const harmed = new Set([...history.harms.keys()].map(jobOf));
    for (const { spec, journal } of journalled(history)) {
      if (harmed.has(journal.jobId) || (journal.events !== undefined && wasCancelled(journal.events))) continue;
      for (const { id } of spec.stages.flatMap(({ scripts }) => scripts)) {
        if (!started.has(id)) yield `script ${id} of ${spec.key} never ran`;
      }
    }
  },
};

/** I3: the recorded code is the script's own, unless we took the script or its wrapper away. */
export const codesAreTrue: Checker = {
  name: "I3 codes-are-true",
  *find(history) {
    const cancelled = cancelledJobs(history);
    for (const { jobId, events } of history.journals) {
      for (const { script, attempt, code, how } of endsOf(events ?? [])) {
        const id = idOfKey(script);
        // Its files may be gone; what was done to it is still known.
        const known = [...history.attempts.map((one) => one.marker), ...history.harms.keys()];
        const marker = known.find((one) => idOf(one) === id && attemptOf(one) === attempt);
        const harms = harmsTo(history, marker ?? `${jobId}/?`);
        const wrong = wrongEnd({ code, how, own: codeOf(id), harms, cancelled: cancelled.has(jobId) });
        if (wrong !== undefined) yield `${jobId} ${script}#${attempt}: ${wrong}`;
        const record = history.attempts.find((one) => one.marker === marker)?.code;
        if (record !== undefined && code === undefined && how === "interrupted") {
          yield `${jobId} ${script}#${attempt} is said to be interrupted; its exit record says ${record}`;
        }
      }
    }
    for (const { marker, code, claimedAtMs } of history.attempts) {
      const harms = harmsTo(history, marker);
      const wrapperLived = !wrapperHarms.some((harm) => harms.has(harm));
      if (claimedAtMs !== null && code === undefined && wrapperLived) yield `${marker} ran and has no exit record`;
      if (code === undefined || harmsTo(history, marker).size > 0 || cancelled.has(jobOf(marker))) continue;
      if (code !== codeOf(idOf(marker))) yield `the exit record of ${marker} says ${code}, not ${codeOf(idOf(marker))}`;
    }
  },
};

function wrongEnd(end: {
  code: number | undefined;
  how: string;
  own: number;
  harms: ReadonlySet<string>;
  cancelled: boolean;
}): string | undefined {
  const { code, how, own, harms, cancelled } = end;
  if (code === own) return undefined;
  if (how === "interrupted" && wrapperHarms.some((harm) => harms.has(harm))) return undefined;
  if (code === KILLED && (harms.has("script") || harms.has("group") || cancelled)) return undefined;
  if (code === ASKED_TO_END && cancelled) return undefined;
  return `it is said to have ended as ${how} with ${code ?? "no code"}; its own code is ${own}`;
}

/** I4: the log is what was written, byte for byte; of a script that was killed, the beginning of it. */
export const logsAreWhole: Checker = {
  name: "I4 logs-are-whole",
  *find(history) {
    const specs = specsById(history);
    const ended = new Set(history.ledger.filter(({ what }) => what === "end").map(({ marker }) => marker));
    for (const { marker, log } of history.attempts) {
      const spec = specs.get(idOf(marker));
      if (spec === undefined || harmsTo(history, marker).has("reboot")) continue;
      const whole = outputOf(spec);
      const found = log ?? "";
      if (ended.has(marker) && found !== whole) {
        yield `the log of ${marker} has ${found.length} characters, ${whole.length} were written`;
      } else if (!whole.startsWith(found)) yield `the log of ${marker} holds what it never wrote`;
    }
  },
};

/** I6: a stage begins when all of the one before it has ended, by what the scripts themselves say. */
export const stagesInOrder: Checker = {
  name: "I6 stages-in-order",
  *find(history) {
    const first = new Map<number, number>();
    const last = new Map<number, number>();
    for (const [at, { what, id }] of history.ledger.entries()) {
      if (what === "start" && !first.has(id)) first.set(id, at);
      if (what === "end") last.set(id, at);
    }
    for (const { spec } of history.jobs) {
      for (const [at, stage] of spec.stages.entries()) {
        const ends = (spec.stages[at - 1]?.scripts ?? []).map(({ id }) => last.get(id) ?? -1);
        for (const { id } of stage.scripts) {
          const start = first.get(id);
          if (start !== undefined && start < Math.max(-1, ...ends)) {
            yield `script ${id} of stage ${at + 1} of ${spec.key} began before stage ${at} had ended`;
          }
        }
      }
    }
  },
};
