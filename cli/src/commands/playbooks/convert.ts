import { existsSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fail, workspaceOf } from "@aither/client/node";
import type { Diagnostic, NotEnforced } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { type Input, usage } from "../../input.ts";
import { findPlaybook } from "./found.ts";

/** `aither playbooks convert`: any format that can be read becomes v3, on stdout or in a new file. */
export async function convertPlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const out = input.text("output");
  const syntax = syntaxOf(input.text("to"), out);
  const target = out === undefined || out === "-" ? null : resolve(context.cwd, out);
  if (target !== null && existsSync(target) && !input.on("force")) throw isThere(out ?? target);
  const found = await findPlaybook(context, input.args[0] ?? "");
  const { pointAt, readPlaybook, writePlaybook } = await import("@aither/playbook");
  const read = readPlaybook(found.text, found.path === "" ? null : found.path);
  const warnings = await pointAt(read.findings, read.source);
  const notEnforced = read.ok ? read.notEnforced : [];
  const text = writePlaybook(found.playbook, syntax);
  if (target !== null) write(target, text, input.on("force"));
  if (context.json) await io.write(document({ playbook: found.playbook, notes: notesOf(warnings, notEnforced) }));
  else if (target === null) await io.write(text);
  if (context.quiet || context.json) return exit.done;
  const file = found.path === "" ? found.name : relative(workspaceOf(context.cwd), found.path);
  for (const { what, line, col, reason } of notesOf(warnings, notEnforced)) {
    const place = line === null ? file : `${file}:${line}:${col}`;
    io.say(`${io.talkTheme.warn("note:")} ${place}: ${what === "" ? "" : `${what}: `}${reason}`);
  }
  if (target !== null) io.say(`${io.talkTheme.sign("Completed")} ${file} (${found.format}) is now ${out} (v3-jobs)`);
  return exit.done;
}

type Note = {
  /** The key of the original that the note is about; "" when the whole file is meant. */
  readonly what: string;
  readonly reason: string;
  readonly line: number | null;
  readonly col: number | null;
};

/** What v3 has no words for: it is carried along where it can be, and nothing acts on it. */
function notesOf(warnings: readonly Diagnostic[], notEnforced: readonly NotEnforced[]): Note[] {
  return [
    ...warnings.map(({ message, line, col }) => ({ what: "", reason: message, line, col })),
    ...notEnforced.map(({ where, reason }) => ({ what: where, reason, line: null, col: null })),
  ];
}

type Syntax = "yaml" | "json";

/** `--to`, else what the name of the new file says, else YAML. */
function syntaxOf(to: string | undefined, out: string | undefined): Syntax {
  const byName = /\.json$/i.test(out ?? "") ? "json" : /\.ya?ml$/i.test(out ?? "") ? "yaml" : undefined;
  if (to === undefined) return byName ?? "yaml";
  if (to !== "yaml" && to !== "json") throw usage(`--to ${to}: a playbook is written as yaml or json`);
  if (byName !== undefined && byName !== to) throw usage(`--to ${to} and -o ${out} want different things`);
  return to;
}

function write(target: string, text: string, force: boolean): void {
  try {
    writeFileSync(target, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === "EEXIST" ? isThere(target) : usage(`${target} cannot be written: ${message}`);
  }
}

function isThere(target: string) {
  return fail("USAGE", `${target} is there already`, { hint: "give -o another name, or --force to replace it" });
}
