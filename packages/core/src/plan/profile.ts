import { hasTemplate } from "@aither/expression";
import type { PlaybookProfile } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import { nearest } from "./graph.ts";

export type NamedProfile = { readonly name: string; readonly profile: PlaybookProfile };

export function profileOf(compiler: Compiler, wanted: string | null): NamedProfile | null {
  if (wanted === null || wanted === "") return null;
  const profiles = compiler.playbook.orchestration.profiles ?? {};
  const name = Object.keys(profiles).find((key) => key.toLowerCase() === wanted.toLowerCase());
  if (name !== undefined) return { name, profile: profiles[name]! };
  const like = nearest(wanted, Object.keys(profiles));
  const names = Object.keys(profiles).join(", ");
  compiler.report(
    finding("no-such-profile", `the playbook has no profile \`${wanted}\``, {
      problem: "PROFILE_NOT_FOUND",
      fix: like ? `did you mean ${like}?` : names === "" ? "it has none" : `it has ${names}`,
    }),
  );
  return null;
}

/** Why a profile leaves a stage out: its `stages` is an allow-list (an empty one is none), `excludeStages` takes out. */
export function leftOut(named: NamedProfile | null, id: string, name: string): string | null {
  if (!named) return null;
  const fits = (wanted: string): boolean => isMeant(wanted, id, name);
  const { stages, excludeStages } = named.profile;
  if (stages && stages.length > 0 && !stages.some(fits)) return `the profile ${named.name} does not list it`;
  if (excludeStages?.some(fits)) return `the profile ${named.name} leaves it out`;
  return null;
}

/** By id or name, exact or followed by ` -`; `*` is every stage. */
function isMeant(wanted: string, ...owns: readonly string[]): boolean {
  const lower = wanted.toLowerCase();
  return lower === "*" || owns.some((own) => own.toLowerCase() === lower || own.toLowerCase().startsWith(`${lower} -`));
}

/** A name in a profile that no stage has leaves nothing out, or everything, and nothing else would say so. */
export function reportUnknownStages(compiler: Compiler): void {
  const { profiles, jobs } = compiler.playbook.orchestration;
  if (profiles === undefined) return;
  const stages = Object.entries(jobs).map(([id, { name = id }]) => [id, name] as const);
  const known = stages.flat().filter((name) => !hasTemplate(name));
  for (const [profileName, profile] of Object.entries(profiles)) {
    for (const key of ["stages", "excludeStages"] as const) {
      for (const [index, wanted] of (profile[key] ?? []).entries()) {
        if (hasTemplate(wanted) || stages.some((own) => isMeant(wanted, ...own))) continue;
        const like = nearest(wanted, known);
        compiler.report(
          finding("unknown-stage", `the profile ${profileName} names \`${wanted}\`, which is no stage`, {
            severity: "warning",
            fix: like ? `did you mean ${like}?` : "name the id or the name of a stage of this playbook",
            part: profile,
            keys: [key, index],
          }),
        );
      }
    }
  }
}
