/** How deep a value may be that comes from outside: whoever walks it calls itself for each level. Imports nothing. */
export const JSON_DEPTH_MAX = 100;

/** Whether a value has at most so many levels of lists and maps. Walks without calling itself. */
export function isShallow(value: unknown, levelsMax: number = JSON_DEPTH_MAX): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      if (depth >= levelsMax) return false;
      for (const inner of Object.values(item)) if (typeof inner === "object" && inner !== null) below.push(inner);
    }
    level = below;
  }
  return true;
}
