import type { Happened } from "../history.ts";
import { nameOfAttempt, type Checker, type Truth } from "../truth.ts";

/** Nothing is published, answered, shown, started or signalled before its fact is on disk. */
export const diskFirst: Checker = {
  name: "disk-first",
  *find(truth) {
    const facts = readFacts(truth);
    for (const one of truth.all) {
      const need = needOf(one);
      if (need === null) continue;
      const at = "seq" in need ? truth.durableAt(need.jobId, need.seq)?.index : facts.get(need.fact);
      if (at === undefined || at > one.index) {
        yield `${one.is} at ${one.atMs} ms came before ${"seq" in need ? `${need.jobId} seq ${need.seq}` : need.fact} was on disk`;
      }
    }
  },
};

type Need = { jobId: string; seq: number } | { fact: string } | null;

function needOf(one: Happened): Need {
  switch (one.is) {
    case "published":
      return { jobId: one.event.jobId, seq: one.event.seq };
    case "answered":
    case "answered-start":
      return one.outcome.ok ? { jobId: one.outcome.value.id, seq: one.outcome.value.seq } : null;
    case "watched":
      if (one.item.is === "event") return { jobId: one.jobId, seq: one.item.event.seq };
      return one.item.is === "snapshot" ? { jobId: one.jobId, seq: one.item.state.seq } : null;
    case "process-started":
    case "ensured":
      return { fact: `intent ${nameOfAttempt(one.attempt)}` };
    case "signalled":
      return { fact: `stop ${nameOfAttempt(one.attempt)}` };
    default:
      return null;
  }
}

function readFacts(truth: Truth): Map<string, number> {
  const facts = new Map<string, number>();
  for (const { id, events } of truth.jobs) {
    for (const event of events) {
      const at = truth.durableAt(id, event.seq)?.index;
      if (at === undefined || !("script" in event) || !("attempt" in event)) continue;
      const name = `${id} ${event.script}#${event.attempt}`;
      if (event.type === "ScriptScheduled") facts.set(`intent ${name}`, at);
      const stop = event.type === "ScriptTerminating" || event.type === "ScriptKilling";
      if (stop && !facts.has(`stop ${name}`)) facts.set(`stop ${name}`, at);
    }
  }
  return facts;
}
