import { homedir } from "node:os";
import { type Finding, pathText, pointAt } from "@aither/playbook";
import type { Body, Diagnostic, NotEnforced, Problem } from "@aither/protocol";
import type { PlaybookCatalogue } from "./catalogue.ts";
import type { Validation } from "./face.ts";
import { callsOf } from "./calls.ts";
import { compileLoaded, notEnforcedOf, placed, plainEnvironment } from "./planning.ts";
import { schemaFindings } from "./schema-check.ts";
import { relativeTo, shortened } from "./say.ts";
import type { ScriptCatalogue } from "./scripts.ts";

type Catalogues = { readonly playbooks: PlaybookCatalogue; readonly scripts: ScriptCatalogue };

/** Everything that is wrong with a playbook, and everything it declares that nothing enforces. */
export async function validate(
  request: Body<"validatePlaybook">,
  { playbooks, scripts }: Catalogues,
): Promise<Validation> {
  const workspace = request.workspace ?? homedir();
  const loaded =
    request.text === undefined
      ? await playbooks.find(request.playbook ?? "", workspace)
      : playbooks.unsaved(request.text, request.file ?? null);
  if (!loaded.ok) return validationOf(loaded.problem);
  const { read } = loaded.value;
  const file = read.source.file === null ? null : relativeTo(workspace, read.source.file);
  const own: readonly Finding[] = read.findings;
  const ownDiagnostics = await pointAt(own, read.source);
  if (!read.ok) {
    return { valid: false, file, diagnostics: shortened(ownDiagnostics, workspace), notEnforced: [] };
  }
  const index = await scripts.index(workspace);
  const calls = await callsOf(loaded.value, { playbooks, workspace });
  const reads = [read, ...calls.reads];
  const input = { loaded: loaded.value, calls, scripts: index, request: {}, workspace, env: plainEnvironment() };
  const { plan, findings } = compileLoaded(input, read);
  // What the caller of a start still can give or decide is no mistake of the playbook.
  const judged = findings.map((one) =>
    one.atStart && (one.problem === "VARIABLE_MISSING" || one.code === "undecidable")
      ? { ...one, severity: "warning" as const }
      : one,
  );
  const slips = await schemaFindings(read);
  const bySchema = await pointAt(slips, read.source);
  const found = [...ownDiagnostics, ...(await placed(judged, reads)), ...bySchema];
  const diagnostics = shortened(found.toSorted(asWritten), workspace);
  return {
    valid: !diagnostics.some(({ severity }) => severity === "error"),
    file,
    diagnostics,
    notEnforced: [...reads.flatMap(notEnforcedOf), ...plan.notEnforced].filter(isUnsaid(slips)),
  };
}

/** A key that is most likely a slip is said once, with what was meant. */
function isUnsaid(slips: readonly Finding[]): (one: NotEnforced) => boolean {
  const said = new Set(slips.filter(({ code }) => code === "unknown-key").map(({ path }) => pathText(path)));
  return ({ where, reason }) => !(said.has(where) && reason.startsWith("this key has no meaning"));
}

/** From the top of the file to its end; what has no place comes first. */
function asWritten(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.col ?? 0) - (b.col ?? 0);
}

/** A playbook that cannot even be found is a finding, too. */
function validationOf(why: Problem): Validation {
  const place = /^(.+?):(\d+):(\d+): (.*)$/s.exec(why.detail);
  const diagnostic = {
    severity: "error" as const,
    code: why.code.replace("AITHER_E_", "").toLowerCase().replaceAll("_", "-"),
    message: place?.[4] ?? why.detail,
    file: place?.[1] ?? null,
    line: place ? Number(place[2]) : null,
    col: place ? Number(place[3]) : null,
    endLine: null,
    endCol: null,
    fix: why.hint,
  };
  return { valid: false, file: diagnostic.file, diagnostics: [diagnostic], notEnforced: [] };
}
