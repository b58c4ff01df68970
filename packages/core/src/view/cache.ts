import type { CacheNote } from "@aither/protocol";
import type { JobState, ScriptRecord } from "../job/state.ts";

/** Why a script was taken from the cache, or was not: lines for people, none where nobody would ask. */
export function cacheText(state: JobState, record: ScriptRecord): string[] {
  const { look, kept } = record.cache ?? {};
  if (look !== undefined) {
    const failed = record.state.is === "failed" ? ["its result is not kept: it failed"] : [];
    return [lookText(look), ...(kept === undefined ? failed : [keptText(kept)])];
  }
  const rule = record.plan.cache;
  if (!state.options.useCache) {
    return rule === undefined ? [] : ["the cache was not asked: the job was started without --use-cache"];
  }
  if (rule === undefined) return [`the cache was not asked: ${whyNone(record.plan)}, so it always runs`];
  return record.attempts.length === 0 ? ["the cache is asked when its turn comes"] : [];
}

/** Also where the step declares one that cannot be had: `validate` says that it is not enforced. */
function whyNone({ stdin, undo, role }: ScriptRecord["plan"]): string {
  if (stdin === true) return "the step reads what people tell it (`stdin`)";
  if (undo !== undefined) return "the step can be undone (`undo`)";
  if (role !== undefined) return "it is a hook, a post action or the like";
  return "the step declares no `cache`";
}

function lookText({ is, key, because, from }: CacheNote): string {
  const reasons = because.join("; ");
  if (is === "hit" && from !== undefined) {
    return `cached: nothing changed since \`${from.script}\` ran in job #${from.number} (${from.at}); entry ${short(key)}`;
  }
  if (is === "refreshed") return `the cache was not asked, as --refresh-cache wants it; entry ${short(key)}`;
  if (key === null) return `it cannot be cached: ${reasons}`;
  const since = from === undefined ? "" : `, compared with job #${from.number} (${from.at})`;
  return `not in the cache: ${reasons}${since}`;
}

function keptText({ is, key, because }: CacheNote): string {
  return is === "stored"
    ? `its result is in the cache: entry ${short(key)}`
    : `its result is not kept: ${because.join("; ")}`;
}

function short(key: string | null): string {
  return key === null ? "none" : key.slice(0, 12);
}
