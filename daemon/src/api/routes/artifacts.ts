import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount, mountStream } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { pour, Sink } from "../streams/sink.ts";

/** What a job keeps. A file travels as an attachment that no page may run, whatever it holds. */
export function artifactRoutes(app: FastifyInstance, { host, closing }: Context): void {
  mount(app, "listArtifacts", async ({ params }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const { id, number } = found.value;
    const artifacts = [...(await host.store.artifacts.list(id))];
    return ok({ apiVersion: API_VERSION, jobId: id, number, artifacts });
  });

  mountStream(app, "getArtifact", {
    answer: async ({ params, reply }) => {
      const found = await findState(host, params.id);
      if (!found.ok) return found;
      const { id, number } = found.value;
      const file = await host.store.artifacts.open(id, params.name);
      if (file === null)
        return refuse("ARTIFACT_NOT_FOUND", `job ${number} keeps no ${JSON.stringify(params.name)}`, {
          hint: `aither jobs artifacts ${number} shows what it keeps`,
        });
      const { raw } = reply;
      raw.setHeader("content-disposition", `attachment; filename*=UTF-8''${fileName(params.name)}`);
      raw.setHeader("x-content-type-options", "nosniff");
      raw.setHeader("content-security-policy", "sandbox; default-src 'none'");
      raw.setHeader("content-length", file.bytes);
      const sink = new Sink(reply, { contentType: "application/octet-stream", gatherMs: 0, closing });
      try {
        await pour(sink, async () => {
          if (file.bytes === 0) return true;
          const pieces = file.handle.createReadStream({ autoClose: false, end: file.bytes - 1 });
          for await (const piece of pieces) {
            await sink.write(piece as Buffer);
            if (sink.signal.aborted) return false;
          }
          return true;
        });
      } finally {
        await file.handle.close();
      }
      return ok(undefined);
    },
  });
}

function fileName(name: string): string {
  return encodeURIComponent(name.split("/").at(-1) ?? name).replaceAll(/['()*]/g, escape);
}
