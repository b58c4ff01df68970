import type { PlaybookCache } from "@aither/protocol";
import { type Fields, fieldsOf, isObject } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { compact, keepRest, notAMap } from "./common.ts";

/** `cache: true`, or a map of what the step depends on and makes. Undefined: its result is not kept. */
export function readCache(fields: Fields): PlaybookCache | undefined {
  const found = fields.raw("cache");
  if (!found || found.value === false) return undefined;
  if (found.value !== true && !isObject(found.value)) {
    fields.gathering.findings.push({ ...notAMap(found.path), fix: "write a map, or true" });
    return undefined;
  }
  const cannot = obstacle(fields);
  if (cannot !== null) {
    notEnforced(fields, found.path, cannot);
    return undefined;
  }
  if (found.value === true) return {};
  const inner = fieldsOf(found.value, found.path, fields.gathering);
  const cache = compact<PlaybookCache>({
    inputs: inner.texts("inputs"),
    outputs: inner.texts("outputs"),
    env: inner.texts("env", "environment"),
    key: inner.text("key"),
  });
  return keepRest(cache, inner);
}

/** Whose result is more than what can be kept. */
function obstacle(fields: Fields): string | null {
  if (fields.has("stdin") && fields.flag("stdin") === true) return "what a step reads from people is not known before";
  if (fields.has("undo")) return "a step that can be undone does more than make files";
  return null;
}
