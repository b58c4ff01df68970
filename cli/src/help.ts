/** Help, versions, and refusals of what fits no command. */
import { VERSION, PROTOCOL } from "@aither/protocol";
import { commands, globalFlags, type Command } from "./commands.ts";
import { document } from "./display/json.ts";
import { exit } from "./exit.ts";
import { usage } from "./input.ts";
import type { Io } from "./io.ts";
import type { Parsed } from "./parse.ts";
import { buildProgram, descend, flagText } from "./program.ts";

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
  const isGroup = commands.some((one) => one.name.startsWith(`${words} `));
  const name = isGroup ? words : (commands.find((one) => one.aliases?.includes(words))?.name ?? words);
  const found = descend(await buildProgram(), name.split(" "));
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
export async function explainUsage({ words, reason }: Extract<Parsed, { is: "wrong" }>): Promise<Error> {
  const program = await buildProgram();
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (isRefusal(error)) {
      const [first = "", ...more] = error.message.replace(/^error: /, "").split("\n");
      const guess = more.join(" ").replace(/^\((.*)\)$/, "$1");
      return usage(first, guess ? `${guess} · ${hintFor(words)}` : hintFor(words));
    }
  }
  return usage(reason, hintFor(words));
}

function hintFor(words: readonly string[]): string {
  const typed = words.join(" ");
  const fitting = commands.flatMap(({ name, aliases = [] }) =>
    [name, ...aliases].filter((one) => `${typed} `.startsWith(`${one} `)).map((alias) => ({ alias, name })),
  );
  const longest = fitting.toSorted((a, b) => b.alias.length - a.alias.length)[0];
  return longest ? `aither help ${longest.name}` : "aither help";
}

/** Commander's own error, known by its code: the library itself is loaded elsewhere. */
function isRefusal(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code;
  return error instanceof Error && typeof code === "string" && code.startsWith("commander.") && !code.includes("help");
}
