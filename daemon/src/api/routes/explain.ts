import { explain, resolveTarget } from "@aither/core";
import type { NoticeView } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

const TOO_MANY_MASKS =
  "its scripts named more as secret (::add-mask::) than is masked: 64 KiB, each value counting for at least 128 bytes; the last ones named are shown";

export function explainRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "explainJob", async ({ params, query: { subject } }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const explanation = explain(found.value, subject);
    if (explanation !== null) {
      if (subject !== undefined) return ok(explanation);
      const notices = (await host.after.notices(found.value)).flatMap(lineOf);
      const reports = (await host.store.reports.list(found.value)).flatMap(({ path, status, detail }) =>
        status === "failed" ? [`the report ${path} could not be written: ${detail}`] : [],
      );
      const masks = (await host.store.secrets.isOver(found.value.id)) ? [TOO_MANY_MASKS] : [];
      return ok({ ...explanation, because: [...explanation.because, ...notices, ...reports, ...masks] });
    }
    const target = resolveTarget(found.value, subject ?? "");
    const named = JSON.stringify(subject ?? "");
    if (target !== null && "candidates" in target) {
      return refuse(
        "STAGE_OR_SCRIPT_NOT_FOUND",
        `${named} fits several stages or scripts of job ${found.value.number}`,
        {
          candidates: target.candidates,
        },
      );
    }
    return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `job ${found.value.number} has no stage or script ${named}`);
  });
}

/** Who could not be told, and who is still to be told. */
function lineOf({ on, channel, to, status, detail, attempts }: NoticeView): string[] {
  if (status === "delivered") return [];
  const whom = `the ${channel}${to === "" ? "" : ` ${to}`}`;
  const tries = `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
  if (status === "failed") return [`${whom} could not be told of its ${on}: ${detail} (${tries})`];
  return [`${whom} is still to be told of its ${on}${detail === "" ? "" : `: ${detail} (${tries})`}`];
}
