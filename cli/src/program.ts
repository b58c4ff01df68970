/** Help, versions and refusals, by commander, which is built here from the command table and only when it is needed. */
import { Command as Commander, CommanderError, Option } from "commander";
import { VERSION, PROTOCOL } from "@aither/protocol";
import { commands, globalFlags, type Command, type Flag } from "./commands.ts";
import { document } from "./display/json.ts";
import { exit } from "./exit.ts";
import { usage } from "./input.ts";
import type { Io } from "./io.ts";
import type { Parsed } from "./parse.ts";

const examples = ["aither orch quickstart", "aither orch test-full --detach", "aither logs -f"];
const everyday = [
  "orch",
  "run",
  "jobs list",
  "jobs status",
  "jobs logs",
  "jobs wait",
  "jobs cancel",
  "jobs retry",
  "status",
];

const groups: Readonly<Record<string, string>> = {
  jobs: "look at jobs and steer them",
  playbooks: "what can be started",
  scripts: "numbered scripts",
  daemon: "the process that owns the jobs",
};

export async function printVersion(io: Io, options: { readonly json: boolean }): Promise<number> {
  await io.write(
    options.json
      ? document({ version: VERSION, protocol: [PROTOCOL.min, PROTOCOL.max], node: process.version })
      : `${VERSION}\n`,
  );
  return exit.done;
}

export async function printHelp(io: Io, topic: readonly string[]): Promise<number> {
  if (topic.length === 0) {
    await io.lines(overview(io));
    return exit.done;
  }
  const words = topic.join(" ");
  const name = commands.find((one) => one.name === words || one.aliases?.includes(words))?.name ?? words;
  const found = descend(buildProgram(), name.split(" "));
  if (found === null) throw usage(`there is no command '${words}'`);
  await io.write(found.helpInformation());
  const shown = commands.find((one) => one.name === name);
  if (shown?.examples) await io.lines(["", "Examples:", ...shown.examples.map((one) => `  ${one}`)]);
  return exit.done;
}

function overview({ theme }: Io): string[] {
  const line = ({ name, args = "", aliases = [], about }: Command): string => {
    const others = aliases.length > 0 ? theme.dim(` (${aliases.join(", ")})`) : "";
    return `  ${`${name} ${args}`.trim().padEnd(34)} ${about}${others}`;
  };
  const isEveryday = ({ name }: Command): boolean => everyday.includes(name);
  return [
    `${theme.bold("aither")} starts jobs, follows and steers them. Jobs live in a daemon: they outlive this terminal.`,
    "",
    "Usage: aither <command> [options]        (also installed as a0)",
    "",
    ...examples.map((one) => `  ${one}`),
    "",
    theme.bold("Every day"),
    ...commands.filter(isEveryday).map(line),
    "",
    theme.bold("More"),
    ...commands.filter((one) => !isEveryday(one)).map(line),
    "",
    theme.bold("Everywhere"),
    ...Object.entries(globalFlags).map(([name, flag]) => `  ${flagText(name, flag).padEnd(34)} ${flag.about}`),
    "",
    "aither help <command> says more. A job is named by number, id, part of an id, `latest` or its playbook.",
  ];
}

/** Why what was typed is wrong, in commander's words, with its guess at what was meant. */
export function explainUsage({ words, reason }: Extract<Parsed, { is: "wrong" }>): Error {
  try {
    buildProgram().parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.code.startsWith("commander.") && !error.code.includes("help")) {
      const [first = "", ...more] = error.message.replace(/^error: /, "").split("\n");
      return usage(first, [...more.filter(Boolean), hintFor(words)].join("; "));
    }
  }
  return usage(reason, hintFor(words));
}

function hintFor(words: readonly string[]): string {
  const known = commands.find(({ name, aliases = [] }) =>
    [name, ...aliases].some((one) => words.slice(0, one.split(" ").length).join(" ") === one),
  );
  return known ? `aither help ${known.name}` : "aither help";
}

/** Commander, declared from the table. `parse` on it refuses with `CommanderError`; what it accepts it hands to `onCommand`. */
export function buildProgram(
  onCommand: (name: string, args: readonly string[], flags: object) => void = () => undefined,
): Commander {
  const program = strict(new Commander("aither"));
  const parents = new Map<string, Commander>();
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    let parent = program;
    if (second !== undefined) {
      parent = parents.get(first) ?? strict(program.command(first)).description(groups[first] ?? "");
      parents.set(first, parent);
    }
    declare(parent, command, second ?? first, onCommand);
    for (const alias of command.aliases ?? []) declareAlias(program, parents, command, alias, onCommand);
  }
  return program;
}

function declare(
  parent: Commander,
  command: Command,
  word: string,
  onCommand: Parameters<typeof buildProgram>[0],
  hidden = false,
): void {
  const made = strict(parent.command(word, { hidden })).description(command.about);
  for (const arg of (command.args ?? "").split(" ").filter(Boolean)) made.argument(arg);
  for (const [name, flag] of Object.entries({ ...globalFlags, ...command.flags })) made.addOption(optionOf(name, flag));
  made.action((...given: unknown[]) => onCommand?.(command.name, made.args, given.at(-2) as object));
}

function declareAlias(
  program: Commander,
  parents: Map<string, Commander>,
  command: Command,
  alias: string,
  onCommand: Parameters<typeof buildProgram>[0],
): void {
  const [first = "", second] = alias.split(" ");
  if (second !== undefined) declare(parents.get(first) ?? program, command, second, onCommand, true);
  else if (!parents.has(first)) declare(program, command, first, onCommand, true);
}

function strict(command: Commander): Commander {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .helpOption(false)
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false);
}

function optionOf(name: string, flag: Flag): Option {
  const option = new Option(flagText(name, flag), flag.about);
  return flag.multiple
    ? option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value])
    : option;
}

function flagText(name: string, { short, type, value = "VALUE" }: Flag): string {
  return `${short ? `-${short}, ` : ""}--${name}${type === "string" ? ` <${value}>` : ""}`;
}

function descend(program: Commander, words: readonly string[]): Commander | null {
  let at: Commander | undefined = program;
  for (const word of words) at = at?.commands.find((one) => one.name() === word);
  return at ?? null;
}
