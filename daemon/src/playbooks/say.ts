import { isAbsolute, relative } from "node:path";
import { type Diagnostic, type Problem, problem, type ProblemCode } from "@aither/protocol";

/** A path as people of this workspace would write it. */
export function relativeTo(workspace: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(workspace, path);
  return short.startsWith("..") || short === "" ? path : short;
}

/** Diagnostics with their file's name made short. */
export function shortened(diagnostics: readonly Diagnostic[], workspace: string): Diagnostic[] {
  return diagnostics.map((one) => ({
    ...one,
    file: one.file === null ? null : relativeTo(workspace, one.file),
  }));
}

/** One problem for many findings: its line is the first error's, with `file:line:col` in front. */
export function problemOf(code: ProblemCode, diagnostics: readonly Diagnostic[]): Problem {
  const first = diagnostics.find(({ severity }) => severity === "error") ?? diagnostics[0];
  if (!first) return problem(code, "the playbook is wrong");
  const more = diagnostics.filter(({ severity }) => severity === "error").length - 1;
  const rest = more > 0 ? ` (and ${more} more)` : "";
  return problem(code, `${placeText(first)}${first.message}${rest}`, {
    ...(first.fix !== null && { hint: first.fix }),
    diagnostics,
  });
}

/** `playbooks/x.yaml:3:7: what is wrong` */
export function lineOf(one: Diagnostic): string {
  return `${placeText(one)}${one.message}`;
}

/** `playbooks/x.yaml:3:7: `, as far as it is known. */
function placeText({ file, line, col }: Diagnostic): string {
  if (file === null) return line === null ? "" : `${line}:${col}: `;
  return line === null ? `${file}: ` : `${file}:${line}:${col}: `;
}
