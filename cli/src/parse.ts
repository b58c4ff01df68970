import { commands, globalFlags, type Command, type Flag } from "./commands.ts";
import { Input, type Value } from "./input.ts";

export type Parsed =
  | { readonly is: "command"; readonly command: Command; readonly input: Input }
  | { readonly is: "help"; readonly topic: readonly string[] }
  | { readonly is: "version" }
  /** What was typed fits nothing; `reason` says why, commander says it better. */
  | { readonly is: "wrong"; readonly reason: string; readonly words: readonly string[] };

/** Not imported: an import of a built-in module runs its lazy getters, too, and loads what nobody asked for. */
const { parseArgs } = process.getBuiltinModule("node:util");

const byName = new Map<string, { command: Command; alias: string }>();
for (const command of commands) {
  for (const alias of [command.name, ...(command.aliases ?? [])]) byName.set(alias, { command, alias });
}

/** `0402`, `0400-0499,!0410`, `04*`: a selector in a command's place. */
const selector = /^!?\d{2}(\d{2}|\d?\*)([-,].*)?$/;

/** argv (without node and script) → what is meant. Never prints, never throws on what people type. */
export function parse(argv: readonly string[]): Parsed {
  const { values: early, rest } = globalsInFront(argv);
  const [first = "", second = ""] = rest;
  if (early["version"] === true) return { is: "version" };
  const found = byName.get(`${first} ${second}`) ?? byName.get(first);
  if (selector.test(first)) return complete(byName.get("run"), rest, early);
  if (first === "")
    return early["help"] === true ? { is: "help", topic: [] } : complete(byName.get("status"), [], early, true);
  const strayed = found?.alias === first && isGroup(first) && second !== "" && !second.startsWith("-");
  if (!found || strayed) {
    if (isGroup(first) && (second === "" || second === "--help" || second === "-h"))
      return { is: "help", topic: [first] };
    const word = isGroup(first) ? `${first} ${second}` : first;
    return {
      is: "wrong",
      reason: first.startsWith("-") ? `unknown option '${first}'` : `unknown command '${word}'`,
      words: rest,
    };
  }
  return complete(found, rest.slice(found.alias.split(" ").length), early);
}

function isGroup(word: string): boolean {
  return commands.some(({ name }) => name.startsWith(`${word} `));
}

function complete(
  found: { command: Command; alias: string } | undefined,
  args: readonly string[],
  early: Readonly<Record<string, Value>>,
  bare = false,
): Parsed {
  if (!found) return { is: "help", topic: [] };
  const { command, alias } = found;
  try {
    const options = { ...globalFlags, ...command.flags };
    const { values, positionals } = parseArgs({
      args: [...args],
      options: parserOptions(options),
      allowPositionals: true,
    });
    if (command.name === "help") return { is: "help", topic: positionals };
    const all: Record<string, Value> = { ...early, ...command.presets?.[alias], ...values };
    // A group's bare name is its list; who asks for help by it wants to see the others, too.
    const topic = isGroup(alias) ? alias : command.name;
    if (all["help"] === true || early["help"] === true) return { is: "help", topic: [topic] };
    if (all["version"] === true) return { is: "version" };
    const miscounted = countArgs(command, positionals.length);
    if (miscounted !== null) return { is: "wrong", reason: miscounted, words: [...command.name.split(" "), ...args] };
    return { is: "command", command, input: new Input(bare ? "" : command.name, positionals, all) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    return { is: "wrong", reason, words: [...command.name.split(" "), ...args] };
  }
}

function parserOptions(flags: Readonly<Record<string, Flag>>) {
  const plain: Record<string, { type: "boolean" | "string"; short?: string; multiple?: boolean }> = {};
  for (const [name, { type, short, multiple }] of Object.entries(flags)) {
    plain[name] = { type, ...(short && { short }), ...(multiple && { multiple }) };
  }
  return plain;
}

/** Flags that stand before the command's name. */
function globalsInFront(argv: readonly string[]): { values: Record<string, Value>; rest: readonly string[] } {
  const values: Record<string, Value> = {};
  let at = 0;
  for (; at < argv.length; at++) {
    const [name = "", inline] = (argv[at] ?? "").split(/=(.*)/s);
    const found = Object.entries(globalFlags).find(
      ([long, { short }]) => name === `--${long}` || (short && name === `-${short}`),
    );
    if (!found) break;
    const [long, { type }] = found;
    if (type === "boolean") values[long] = true;
    else values[long] = inline ?? argv[++at] ?? "";
  }
  return { values, rest: argv.slice(at) };
}

function countArgs({ args = "" }: Command, given: number): string | null {
  const wanted = args.split(" ").filter(Boolean);
  const needed = wanted.filter((one) => one.startsWith("<"));
  if (given < needed.length) return `missing required argument '${needed[given]?.replace(/[<>.]/g, "")}'`;
  if (wanted.some((one) => one.includes("..."))) return null;
  return given > wanted.length ? `too many arguments: ${wanted.length} expected, ${given} given` : null;
}
