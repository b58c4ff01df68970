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
      format: Type.Optional(Type.Union([Type.Literal("raw"), Type.Literal("ndjson")], { default: "raw" })),
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
            "Raw: leave out so many bytes of what was written, to resume. That is every attempt's output, one after the other, in the order in which they were scheduled.",
        }),
      ),
      skip: Type.Optional(
        Type.Integer({
          minimum: 0,
          description:
            "Raw: behind `offset`, leave out so many bytes of the answer as it was sent. Where secrets are masked, it is not as long as what was written.",
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
