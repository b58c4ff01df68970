/** Commander, declared from the command table. It makes help and refusals; the hot path never loads it. */
import type { Command as Commander, Option } from "commander";
import { commands, globalFlags, type Command, type Flag } from "./commands.ts";

/** Told what was parsed: the command's name, its arguments and its flags. */
type OnCommand = (name: string, args: readonly string[], flags: Readonly<Record<string, unknown>>) => void;

const groups: Readonly<Record<string, string>> = {
  jobs: "look at jobs and steer them",
  playbooks: "what can be started",
  scripts: "numbered scripts",
  daemon: "the process that owns the jobs",
  cache: "results of scripts that are used again",
  config: "settings of the daemon and of commands",
  service: "let the machine start the daemon and keep it running",
};

/** Its `parse` throws commander's error for what it refuses, and prints nothing. */
export async function buildProgram(onCommand: OnCommand = () => undefined): Promise<Commander> {
  const { Command: Maker, Option: OptionMaker } = await import("commander");
  const program = strict(new Maker("aither"));
  const parents = new Map<string, Commander>();
  const parentOf = (word: string): Commander => {
    const parent = parents.get(word) ?? strict(program.command(word)).description(groups[word] ?? "");
    parents.set(word, parent);
    return parent;
  };
  const declare = (command: Command, name: string, hidden: boolean): void => {
    const [first = "", second] = name.split(" ");
    const made = strict((second === undefined ? program : parentOf(first)).command(second ?? first, { hidden }));
    made.description(command.about);
    for (const arg of (command.args ?? "").split(" ").filter(Boolean)) made.argument(arg);
    for (const [long, flag] of Object.entries({ ...globalFlags, ...command.flags })) {
      made.addOption(optionOf(new OptionMaker(flagText(long, flag), flag.about), flag));
    }
    made.action((...given: unknown[]) => onCommand(command.name, made.args, given.at(-2) as Record<string, unknown>));
  };
  for (const command of commands) declare(command, command.name, false);
  for (const command of commands) {
    // A group's bare name (`aither jobs`) is settled before commander is asked.
    for (const alias of command.aliases ?? []) if (!parents.has(alias)) declare(command, alias, true);
  }
  return program;
}

/** The command of that name; null when there is none. */
export function descend(program: Commander, words: readonly string[]): Commander | null {
  let at: Commander | undefined = program;
  for (const word of words) at = at?.commands.find((one) => one.name() === word);
  return at ?? null;
}

/** `-C, --directory <DIR>` */
export function flagText(name: string, { short, type, value = "VALUE" }: Flag): string {
  return `${short ? `-${short}, ` : ""}--${name}${type === "string" ? ` <${value}>` : ""}`;
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

function optionOf(option: Option, flag: Flag): Option {
  // `--no-browser` is a flag like any other, and says nothing of a `browser` that were on without it.
  option.negate = false;
  if (!flag.multiple) return option;
  return option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value]);
}
