import type { Compiler } from "./compiler.ts";
import { finding, type PlanFinding } from "./finding.ts";
import { nearest } from "./graph.ts";
import type { Selection } from "./select.ts";

/** What a selector says that no script answers to, or more than one. */
export function reportSelection(compiler: Compiler, found: Selection, where: Pick<PlanFinding, "part" | "keys">): void {
  for (const name of found.missing) {
    const like = nearest(
      name,
      [...compiler.scripts.byNumber.keys()].filter((number) => number.slice(0, 2) === name.slice(0, 2)),
    );
    compiler.missing.add(name);
    compiler.report(
      finding("no-such-script", `there is no script ${name}`, {
        problem: "SCRIPT_NOT_FOUND",
        fix: like ? `did you mean ${like}?` : "aither scripts list shows what there is",
        ...where,
        item: name,
        atStart: true,
      }),
    );
  }
  for (const part of found.empty) {
    const extras = {
      severity: "warning" as const,
      fix: "aither scripts list shows what there is",
      ...where,
      item: part,
    };
    compiler.report(finding("empty-part", `\`${part}\` matches no script`, extras));
  }
  for (const { part, candidates } of found.ambiguous) {
    const names = candidates.map(({ name }) => name).join(" and ");
    compiler.report(
      finding("ambiguous-number", `the number ${part} belongs to ${names}`, {
        problem: "SELECTOR_INVALID",
        fix: `write ${candidates[0]?.name ?? "the name"}, or a path`,
        ...where,
        item: part,
        atStart: true,
      }),
    );
  }
}
