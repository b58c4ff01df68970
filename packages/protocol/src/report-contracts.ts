import { Type } from "typebox";
import { CacheEntryView, PruneCache } from "./cache.ts";
import { JobParams } from "./job-params.ts";
import { ReportFormat } from "./report-format.ts";

const apiVersion = Type.Literal("aither/v1");

/** The calls that give reports, and those of the cache; a part of `contracts`. */
export const reportContracts = {
  reportJob: {
    summary:
      "A report: Markdown; the conclusion document `{conclusion, jobs, annotations}` as JSON; JUnit's XML; or one HTML page that needs nothing else. Of a job that goes on, as far as it is",
    params: JobParams,
    query: Type.Object({ format: Type.Optional(Type.Unsafe<ReportFormat>({ ...ReportFormat, default: "md" })) }),
    status: 200,
    produces: "text/markdown",
  },
  listCache: {
    summary: "Results in the cache, the last used first",
    reply: Type.Object({
      apiVersion,
      entries: Type.Array(CacheEntryView),
      bytes: Type.Integer({ description: "All of them together; what they share counts once." }),
      bytesMax: Type.Integer({ description: "The setting `cacheBytesMax`." }),
      daysMax: Type.Number({ description: "The setting `cacheDaysMax`." }),
    }),
    status: 200,
  },
  pruneCache: {
    summary: "Remove results from the cache; scripts that run are not disturbed",
    body: PruneCache,
    reply: Type.Object({
      apiVersion,
      removed: Type.Array(CacheEntryView),
      bytes: Type.Integer({ description: "What the disk gets back." }),
      dryRun: Type.Boolean(),
    }),
    status: 200,
  },
} as const;
