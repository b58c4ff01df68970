import { Type, type Static } from "typebox";
import { PlaybookFormat } from "./plan.ts";

/** One line of `aither playbooks list`. A file that cannot be read is listed too, with `error`. */
export const PlaybookSummary = Type.Object({
  name: Type.String(),
  format: Type.Union([PlaybookFormat, Type.Null()]),
  path: Type.String(),
  category: Type.String(),
  description: Type.String(),
  error: Type.Union([Type.String(), Type.Null()]),
});
export type PlaybookSummary = Static<typeof PlaybookSummary>;
