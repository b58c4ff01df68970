import { Type, type Static } from "typebox";

/** How a report of a job is written. */
export const ReportFormat = Type.Union([
  Type.Literal("md"),
  Type.Literal("json"),
  Type.Literal("junit"),
  Type.Literal("html"),
]);
export type ReportFormat = Static<typeof ReportFormat>;
