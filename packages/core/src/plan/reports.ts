import type { Plan, PlaybookReport, ReportFormat } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { resolveValue, type Scope, textOf } from "./scope.ts";

const byEnding: Readonly<Record<string, ReportFormat>> = {
  md: "md",
  json: "json",
  xml: "junit",
  html: "html",
  htm: "html",
};

/** What the playbook wants to be written when the job has ended. Whoever wants reports has a summary, too. */
export function reportPlans(compiler: Compiler, scope: Scope): Pick<Plan, "summary" | "reports"> {
  const { summary, reports: declared = [] } = compiler.playbook.orchestration;
  const reports = declared.flatMap((one) => planOf(compiler, scope, one));
  return {
    ...((summary === true || reports.length > 0) && { summary: true }),
    ...(reports.length > 0 && { reports }),
  };
}

function planOf(compiler: Compiler, scope: Scope, one: PlaybookReport): { path: string; format: ReportFormat }[] {
  const filled = textOf(compiler.take(resolveValue(one.path, scope, compiler.at(one, ["path"]))));
  const path = filled.replaceAll("\\", "/").replace(/^(\.\/)+/, "");
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const isOutside = path.startsWith("/") || /^[A-Za-z]:/.test(path) || path.split("/").includes("..");
  if (path !== "" && !isOutside) return [{ path, format: one.format ?? byEnding[ending] ?? "md" }];
  compiler.notEnforced.push({
    what: "reports",
    where: path,
    reason: "a report is written into the workspace, and this is no path in it",
  });
  return [];
}
