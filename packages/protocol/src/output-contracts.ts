import { Type } from "typebox";
import { JobParams } from "./job-params.ts";

const SearchQuery = Type.Object({
  q: Type.String({ minLength: 1, maxLength: 1_000, description: "What a line must hold." }),
  re: Type.Optional(
    Type.Boolean({ default: false, description: "`q` is a regex (JavaScript's), tried line by line." }),
  ),
  case: Type.Optional(Type.Boolean({ default: true, description: "Upper and lower case differ." })),
  script: Type.Optional(Type.String({ description: "Only of this script or stage: key, number or name." })),
  attempt: Type.Optional(Type.Integer({ minimum: 1 })),
  stream: Type.Optional(Type.Union([Type.Literal("out"), Type.Literal("err")])),
  since: Type.Optional(Type.String({ description: "ISO 8601: only what was written then or later." })),
  max: Type.Optional(Type.Integer({ minimum: 1, description: "So many lines at most." })),
});
const SearchFrom = Type.Optional(Type.Integer({ minimum: 1, description: "Only from this line of each attempt on." }));

/** The output of one attempt, or its stderr where that is kept apart. */
const OneLog = Type.Object({
  script: Type.Optional(
    Type.String({ description: "A script's key, number or name; may be left out where the job has only one." }),
  ),
  attempt: Type.Optional(Type.Integer({ minimum: 1, description: "Default: its last one." })),
  stream: Type.Optional(Type.Union([Type.Literal("out"), Type.Literal("err")], { default: "out" })),
});

/** The calls that give output; a part of `contracts`. */
export const outputContracts = {
  jobLogs: {
    summary: "Output",
    params: JobParams,
    query: Type.Object({
      script: Type.Optional(
        Type.String({
          description: "A script's key, number or name; default: all, in order of start.",
        }),
      ),
      attempt: Type.Optional(Type.Integer({ minimum: 1 })),
      follow: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            "Go on until the job (or, with `script` and `attempt`, that attempt) has ended and its last byte was sent. A daemon that stops breaks the connection off.",
        }),
      ),
      format: Type.Optional(
        Type.Union([Type.Literal("raw"), Type.Literal("framed"), Type.Literal("ndjson")], {
          default: "raw",
          description:
            "Framed: raw, in pieces with their places. Before each one stands a line, `END LENGTH`: so many bytes follow, and `offset=END` goes on behind them.",
        }),
      ),
      tail: Type.Optional(
        Type.Integer({
          minimum: 0,
          description:
            "Only the last N lines of what is there. Together with `cursor`: attempts before the first one named are left out.",
        }),
      ),
      offset: Type.Optional(
        Type.Integer({
          minimum: 0,
          description:
            "Raw and framed: leave out so many bytes of what was written, to resume; where secrets are masked, that is not as much as was sent. What counts is every attempt's output, one after the other, in the order in which they were scheduled.",
        }),
      ),
      cursor: Type.Optional(
        Type.String({
          description:
            "NDJSON: resume after the last piece seen of each attempt, `key#attempt:offset`, separated by commas; `key#attempt.err:offset` for a separate stderr. Attempts that are not named are given from their start.",
        }),
      ),
    }),
    status: 200,
    produces: "text/plain",
  },
  jobLogMeta: {
    summary: "How long the output of one attempt is, for readers who go to any place in it",
    params: JobParams,
    query: OneLog,
    reply: Type.Object({
      apiVersion: Type.Literal("aither/v1"),
      jobId: Type.String(),
      number: Type.Integer(),
      script: Type.String(),
      attempt: Type.Integer(),
      stream: Type.Union([Type.Literal("out"), Type.Literal("err")]),
      lines: Type.Integer({ description: "With the last one, if it has no end yet." }),
      bytes: Type.Integer({ description: "As written: what is masked may be longer or shorter." }),
      block: Type.Integer({ description: "Lines of a block: 256." }),
      done: Type.Boolean({ description: "Nothing more will be written." }),
    }),
    status: 200,
  },
  jobLogBlock: {
    summary:
      "256 lines of one attempt's output, masked: line 256 * `block` and those behind it; with an ETag. Nothing behind the last line. Of an attempt that is done, blocks that are full never change",
    params: Type.Object({ ...JobParams.properties, block: Type.Integer({ minimum: 0, description: "From 0 on." }) }),
    query: OneLog,
    status: 200,
    produces: "text/plain",
  },
  jobLogRaw: {
    summary:
      "What one attempt wrote until now, masked, for a browser. A `Range` is heeded where nothing is masked or left out",
    params: JobParams,
    query: Type.Object({
      ...OneLog.properties,
      download: Type.Optional(Type.Boolean({ default: false, description: "As a file, with a name." })),
    }),
    status: 200,
    produces: "text/plain",
  },
  searchJob: {
    summary:
      "Lines of one job's output that hold a text; NDJSON. A search that has to stop says why in a last line, `{problem}`",
    params: JobParams,
    query: Type.Object({ ...SearchQuery.properties, from: SearchFrom }),
    status: 200,
    produces: "application/x-ndjson",
  },
  searchOutput: {
    summary: "Lines of all jobs' output that hold a text, newest job first; NDJSON as of one job",
    query: Type.Object({
      ...SearchQuery.properties,
      job: Type.Optional(Type.String({ minLength: 1, description: "Only of this job." })),
    }),
    status: 200,
    produces: "application/x-ndjson",
  },
} as const;
