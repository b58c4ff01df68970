import { Type, type Static } from "typebox";

/**
 * One piece of output. Exactly one of `text` (valid UTF-8) and `base64` (anything else) is there. `offset` is the
 * byte offset in that attempt's file of the first byte *after* this piece: send it back to resume.
 */
export const LogLine = Type.Object({
  script: Type.String(),
  attempt: Type.Integer(),
  stream: Type.Union([Type.Literal("out"), Type.Literal("err")]),
  time: Type.Union([Type.String(), Type.Null()]),
  offset: Type.Integer(),
  text: Type.Optional(Type.String()),
  base64: Type.Optional(Type.String()),
});
export type LogLine = Static<typeof LogLine>;

/**
 * A line of output that a search found. `line` counts from 1 in that attempt's file; `time` is that of the line in the
 * log, null while nobody knows it. A long line is shown in part.
 */
export const SearchHit = Type.Object({
  jobId: Type.String(),
  number: Type.Integer(),
  script: Type.String(),
  attempt: Type.Integer(),
  stream: Type.Union([Type.Literal("out"), Type.Literal("err")]),
  line: Type.Integer(),
  time: Type.Union([Type.String(), Type.Null()]),
  text: Type.String(),
});
export type SearchHit = Static<typeof SearchHit>;
