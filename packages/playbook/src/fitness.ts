import { isShallow, JSON_DEPTH_MAX } from "@aither/protocol";
import type { Json } from "@aither/protocol";

/** More values than any playbook has. Few bytes of YAML can hold many: each alias counts as what it stands for. */
const NODES_MAX = 500_000;

/** Whether a parsed value may be walked by everybody else, and if so, how many keys all of its maps have. */
export type Fitness =
  | { readonly fits: true; readonly keys: number }
  | { readonly fits: false; readonly code: string; readonly message: string; readonly fix: string };

/** Looks at each value once; only of what does not fit it is found out, in an order that never runs away, why. */
export function fitnessOf(value: Json): Fitness {
  const seen = { nodes: 0, keys: 0 };
  if (isFit(value, JSON_DEPTH_MAX, seen)) return { fits: true, keys: seen.keys };
  if (!fitsInto(value, NODES_MAX)) {
    const message = `the playbook has more than ${NODES_MAX} values, or speaks of itself`;
    return { fits: false, code: "too-many-values", message, fix: "split it, or use fewer anchors" };
  }
  if (!isShallow(value)) {
    const message = `the playbook is nested deeper than ${JSON_DEPTH_MAX}`;
    return { fits: false, code: "too-deep", message, fix: "use fewer levels of lists and maps" };
  }
  const message = "a key is called `__proto__`, which is what objects of programs are made of";
  return { fits: false, code: "forbidden-key", message, fix: "give it another name" };
}

function isFit(value: Json, levels: number, seen: { nodes: number; keys: number }): boolean {
  seen.nodes += 1;
  if (seen.nodes > NODES_MAX) return false;
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value as Json[]) if (!isFit(item, levels - 1, seen)) return false;
    return true;
  }
  const map = value as { readonly [key: string]: Json };
  for (const key of Object.keys(map)) {
    // A key that would not become a key of the model but change what it is.
    if (key === "__proto__") return false;
    seen.keys += 1;
    if (!isFit(map[key]!, levels - 1, seen)) return false;
  }
  return true;
}

/** Whether a value has at most so many parts. One that contains itself never has. */
function fitsInto(value: Json, max: number): boolean {
  let left = max;
  const open: Json[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    left -= 1;
    if (left < 0 || open.length > max) return false;
    if (typeof next !== "object" || next === null) continue;
    for (const item of Object.values(next) as Json[]) open.push(item);
  }
  return true;
}
