import type { Playbook } from "@aither/protocol";
import type { Path } from "./finding.ts";
import { originalOf } from "./upgrade/old.ts";
import { selectorWith } from "./upgrade/stage.ts";

/** A playbook that was read with the places of its parts. */
export type Placed = { readonly playbook: Playbook; readonly paths: ReadonlyMap<object, Path> };

/**
 * Where a part of a model was written. Reading keeps no places, for most playbooks are right and nobody asks: the first
 * question reads the text `again`, which gives the same model, and finds in it what stands where the part does. `item`: of
 * a selector that was joined from several the one that says it.
 */
export function placesOf(model: Playbook, again: () => Placed | null): (part: object, item?: string) => Path {
  let twin: Placed | null | undefined;
  let twins: ReadonlyMap<object, object> = new Map();
  return (part, item = "") => {
    if (twin === undefined) {
      twin = again();
      if (twin) twins = paired(model, twin.playbook);
    }
    const same = twins.get(part) ?? twins.get(originalOf(part));
    if (!twin || same === undefined) return [];
    const own = selectorWith(originalOf(same), item);
    return twin.paths.get(own) ?? twin.paths.get(originalOf(own)) ?? [];
  };
}

/** The objects of a model, each with the one that stands in the other at its place. */
function paired(model: Playbook, twin: Playbook): ReadonlyMap<object, object> {
  const known = new Map<object, object>();
  const go = (part: unknown, same: unknown): void => {
    if (typeof part !== "object" || part === null || typeof same !== "object" || same === null || known.has(part))
      return;
    known.set(part, same);
    for (const [key, inner] of Object.entries(part)) go(inner, (same as Readonly<Record<string, unknown>>)[key]);
  };
  go(model, twin);
  return known;
}
