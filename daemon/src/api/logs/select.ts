import { isPartOf, scriptsOf, stagesOf, theStage, type JobState } from "@aither/core";

/**
 * Which scripts a reader of logs means: by key, number, name, or all of a stage by its id or name. More than one is
 * fine here: the legs of a matrix are read together. Null when nothing fits.
 */
export function selectScripts(state: JobState, text: string): ReadonlySet<string> | null {
  const wanted = text.toLowerCase();
  const records = [...scriptsOf(state)];
  const stages = new Set(
    [...stagesOf(state)]
      .filter(({ plan }) => plan.id.toLowerCase() === wanted || plan.name.toLowerCase() === wanted)
      .map(({ plan }) => plan.id),
  );
  const ways: readonly ((record: (typeof records)[number]) => boolean)[] = [
    ({ plan }) => plan.key === text,
    ({ plan }) => plan.number === text,
    ({ plan }) => plan.name.toLowerCase() === wanted,
    ({ stage }) => [...stages].some((id) => isPartOf(state, theStage(state, stage), id)),
  ];
  for (const fits of ways) {
    const found = records.filter(fits);
    if (found.length > 0) return new Set(found.map(({ plan }) => plan.key));
  }
  return null;
}
