import { Type, type TProperties } from "typebox";

/**
 * What every event carries. `v` is the version of the vocabulary and grows with every event or field that means
 * something; `seq` counts 1, 2, 3 … within a job without a gap; `time` is ISO 8601, UTC, with ms, and decides nothing.
 */
export const envelope = {
  v: Type.Integer(),
  seq: Type.Integer({ minimum: 1 }),
  time: Type.String(),
  jobId: Type.String(),
};

/** The schema of one kind of event. */
export function event<const Name extends string, const Fields extends TProperties>(
  type: Name,
  description: string,
  fields: Fields,
) {
  return Type.Object({ ...envelope, type: Type.Literal(type), ...fields }, { description });
}
