import type { FastifyInstance } from "fastify";
import { formats } from "../../report/formats.ts";
import { reportOf } from "../../report/report.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mountStream } from "../mount.ts";
import { ok } from "../outcome.ts";
import { pour, Sink } from "../streams/sink.ts";

/** A job as a document. A page of it may do nothing in the browser that shows it, whatever scripts wrote. */
export function reportRoute(app: FastifyInstance, { host, closing }: Context): void {
  mountStream(app, "reportJob", {
    answer: async ({ params, query, reply }) => {
      const found = await findState(host, params.id);
      if (!found.ok) return found;
      const { contentType, ending, write } = formats[query.format ?? "md"];
      const report = await reportOf({ store: host.store, notices: host.after.notices.bind(host.after) }, found.value);
      const { raw } = reply;
      raw.setHeader("content-disposition", `inline; filename="job-${found.value.number}.${ending}"`);
      raw.setHeader("x-content-type-options", "nosniff");
      raw.setHeader(
        "content-security-policy",
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
      );
      const sink = new Sink(reply, { contentType, gatherMs: 0, closing });
      await pour(sink, async () => {
        for await (const part of write(report)) {
          await sink.write(part);
          if (sink.signal.aborted) return false;
        }
        return true;
      });
      return ok(undefined);
    },
  });
}
