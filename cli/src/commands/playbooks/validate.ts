import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { workspaceOf } from "@aither/client/node";
import { decodeText, type Diagnostic, type NotEnforced, type Reply } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import type { Theme } from "../../display/theme.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { playbookOf } from "../../start.ts";

type Validation = Reply<"validatePlaybook">;

/** `aither playbooks validate`: findings are data; the exit code says whether all of them are usable. */
export async function validatePlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const workspace = workspaceOf(context.cwd);
  const names =
    input.args.length > 0
      ? input.args.map((name) => ({ name, playbook: playbookOf(name, context.cwd) }))
      : (await context.client.playbooks({ workspace })).map(({ path }) => ({
          name: relative(workspace, path),
          playbook: path,
        }));
  const all: { name: string; found: Validation }[] = [];
  for (const { name, playbook } of names) {
    const found = await context.client.call("validatePlaybook", { body: { playbook, workspace } });
    all.push({ name, found });
    if (!context.json) await io.lines(await linesOf(found, { name, workspace, theme: io.theme }));
  }
  const valid = all.every(({ found }) => found.valid && !(input.on("strict") && warningCount(found) > 0));
  if (context.json) await io.write(document(merged(all.map(({ found }) => found))));
  else if (!context.quiet) conclude(context, all, input);
  if (valid) return exit.done;
  const wrong = all.filter(({ found }) => !found.valid);
  return wrong.length > 0 && wrong.every(({ found }) => isNotFound(found)) ? exit.notFound : exit.usage;
}

/** A name that fits no playbook, or several, ends as it does everywhere, unless a playbook that is there is wrong. */
function isNotFound({ diagnostics }: Validation): boolean {
  return diagnostics.some(({ code, line }) => /^playbook-(not-found|ambiguous)$/.test(code) && line === null);
}

/** One document for all, in which every entry knows its file. */
function merged(all: readonly Validation[]): Pick<Validation, "valid" | "diagnostics"> & {
  notEnforced: (NotEnforced & { file: string | null })[];
} {
  return {
    valid: all.every(({ valid }) => valid),
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
    notEnforced: all.flatMap(({ file, notEnforced }) => notEnforced.map((one) => ({ ...one, file }))),
  };
}

type Showing = { readonly name: string; readonly workspace: string; readonly theme: Theme };

async function linesOf(found: Validation, { name, workspace, theme }: Showing): Promise<string[]> {
  // A playbook without a flaw needs no printer, and its parsers are not loaded.
  const { printDiagnostic } =
    found.diagnostics.length > 0 ? await import("@aither/playbook") : { printDiagnostic: null };
  const paints = { error: theme.bad, warning: theme.warn, info: theme.dim, place: theme.bold, fix: theme.dim };
  const findings = found.diagnostics.flatMap((one) =>
    printDiagnostic === null ? [] : printDiagnostic(one, textOf(one, workspace), (part, text) => paints[part](text)),
  );
  const loose = found.notEnforced.map(
    ({ where, reason }) => `${found.file ?? name}: ${theme.warn("not enforced:")} \`${where}\`: ${reason}`,
  );
  return [...findings, ...loose];
}

/** The daemon works on this machine's files, so the source is read from there. */
function textOf({ file }: Diagnostic, workspace: string): string | null {
  try {
    return file === null ? null : decodeText(readFileSync(resolve(workspace, file)));
  } catch {
    return null;
  }
}

/** Warnings, and keys that mean nothing; what is only not enforced is as its owner meant it. */
function warningCount({ diagnostics, notEnforced }: Validation): number {
  const warned = diagnostics.filter(({ severity }) => severity === "warning").length;
  return warned + notEnforced.filter(({ reason }) => reason.startsWith("this key has no meaning")).length;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function conclude({ io }: Context, all: readonly { name: string; found: Validation }[], input: Input): void {
  const wrong = all.filter(({ found }) => !found.valid);
  const warnings = all.reduce((sum, { found }) => sum + warningCount(found), 0);
  const isStrict = input.on("strict") && warnings > 0;
  const also =
    warnings === 0 ? "" : `, with ${counted(warnings, "warning")}${isStrict ? ", which --strict refuses" : ""}`;
  const fine = io.talkTheme.sign(isStrict ? "Failed" : "Completed");
  const bad = io.talkTheme.sign("Failed");
  const [only] = all;
  if (only === undefined) io.say("There are no playbooks here.");
  else if (all.length === 1) {
    const errors = only.found.diagnostics.filter(({ severity }) => severity === "error").length;
    if (only.found.valid) io.say(`${fine} ${only.name} is valid${also}`);
    else io.say(`${bad} ${only.name} has ${counted(errors, "error")}`);
  } else if (wrong.length === 0) io.say(`${fine} all ${all.length} playbooks are valid${also}`);
  else io.say(`${bad} ${wrong.length} of ${all.length} playbooks cannot be started`);
}
