import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { type Input, usage } from "../../input.ts";
import { type TemplateName, templates } from "./templates.ts";

/** Where editors find the schema, below the workspace: a copy, for a playbook outlives the program's own folder. */
const SCHEMA_FILE = join(".aither", "playbook.schema.json");

/** `aither playbooks new`: a playbook that runs, with comments, to be changed into what is wanted. */
export async function newPlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const name = input.args[0] ?? "";
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(name) || /\.(json|ya?ml|psd1)$/i.test(name))
    throw usage(`\`${name}\` is no name for a playbook`, "use letters, digits, `-`, `_` and `.`, without an ending");
  const from = templateOf(input.text("from") ?? "basic");
  const workspace = workspaceOf(context.cwd);
  const folder = join(workspace, "playbooks");
  const there = ["yml", "yaml", "json", "psd1"].map((ending) => join(folder, `${name}.${ending}`)).find(existsSync);
  if (there !== undefined) throw isThere(relative(context.cwd, there));
  const file = join(folder, `${name}.yml`);
  try {
    mkdirSync(folder, { recursive: true });
    const schema = placeSchema(workspace) ? relative(folder, join(workspace, SCHEMA_FILE)).replaceAll("\\", "/") : null;
    writeFileSync(file, templates[from]({ name, schema }), { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === "EEXIST" ? isThere(file) : fail("WORKSPACE_INVALID", `${file} cannot be written: ${message}`);
  }
  if (context.json) await io.write(document({ name, path: file, from }));
  else await io.lines([relative(context.cwd, file)]);
  if (!context.quiet && !context.json) io.say(`Try it: aither plan ${name} · aither orch ${name}`);
  return exit.done;
}

function templateOf(wanted: string): TemplateName {
  const names = Object.keys(templates) as TemplateName[];
  const found = names.find((name) => name === wanted);
  if (found === undefined) throw usage(`--from ${wanted}: there is no such template`, `there are ${names.join(", ")}`);
  return found;
}

/** Copies the schema into the workspace, or renews the copy. False where the program came without one. */
function placeSchema(workspace: string): boolean {
  const own = schemaOfProgram();
  if (own === null) return false;
  const text = readFileSync(own, "utf8");
  const copy = join(workspace, SCHEMA_FILE);
  mkdirSync(dirname(copy), { recursive: true });
  if (!existsSync(copy) || readFileSync(copy, "utf8") !== text) writeFileSync(copy, text);
  return true;
}

/** The program's `schemas` folder is above its code, as source and as a bundle. */
function schemaOfProgram(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5; up += 1) {
    const file = join(folder, "schemas", "playbook.json");
    if (existsSync(file)) return file;
    folder = dirname(folder);
  }
  return null;
}

function isThere(file: string) {
  return fail("USAGE", `${file} is there already`, { hint: "give the new playbook another name" });
}
