import assert from "node:assert/strict";
import { test } from "node:test";
import { commands, globalFlags, type Command } from "./commands.ts";
import { cold } from "./cold.ts";
import { parse } from "./parse.ts";
import { buildProgram } from "./program.ts";

/** Both parsers are made from one table: here they are held against each other. */

/** Command lines for a command: bare, with each flag in each spelling, with all flags at once. */
function linesOf(command: Command): string[][] {
  const args = (command.args ?? "")
    .split(" ")
    .filter((one) => one.startsWith("<"))
    .map((_, index) => `arg${index}`);
  const maybe = (command.args ?? "").includes("[") ? [[...args, "extra"]] : [];
  const name = command.name.split(" ");
  const flags = Object.entries({ ...globalFlags, ...command.flags }).filter(
    ([flag]) => flag !== "help" && flag !== "version",
  );
  const spelled = flags.flatMap(([flag, { type, short, multiple }]) => {
    if (type === "boolean") return [[`--${flag}`], ...(short ? [[`-${short}`]] : [])];
    const once = [[`--${flag}`, "v=1"], [`--${flag}=v=1`], ...(short ? [[`-${short}`, "v=1"]] : [])];
    return multiple ? [...once, [`--${flag}`, "a=1", `--${flag}`, "b=2"]] : once;
  });
  const all = flags.flatMap(([flag, { type }]) => (type === "boolean" ? [`--${flag}`] : [`--${flag}`, "x"]));
  return [
    [...name, ...args],
    ...maybe.map((more) => [...name, ...more]),
    ...spelled.flatMap((words) => [
      [...name, ...args, ...words],
      [...name, ...words, ...args],
    ]),
    [...name, ...all, ...args],
    [...name, ...args, "--", ...(maybe.length > 0 ? ["--not-a-flag"] : [])],
  ];
}

test("the fast parser and commander understand every command line alike", async () => {
  let lines = 0;
  for (const command of commands.filter(({ name }) => name !== "help")) {
    for (const line of linesOf(command)) {
      lines++;
      const fast = parse(line);
      assert.equal(fast.is, "command", line.join(" "));
      if (fast.is !== "command") continue;
      let slow: unknown;
      const program = await buildProgram((name, args, flags) => {
        slow = {
          name,
          args,
          values: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
        };
      });
      program.parse(line, { from: "user" });
      const named = Object.keys({ ...globalFlags, ...command.flags });
      const values = Object.fromEntries(
        named.flatMap((flag) => {
          const value =
            fast.input.on(flag) ||
            (fast.input.text(flag) ?? (fast.input.list(flag).length > 0 ? [...fast.input.list(flag)] : undefined));
          return value === undefined ? [] : [[camel(flag), value]];
        }),
      );
      assert.deepEqual({ name: fast.command.name, args: fast.input.args, values }, slow, line.join(" "));
    }
  }
  assert.ok(lines > 500, String(lines));
});

const camel = (flag: string): string => flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

test("what one refuses, the other refuses, too", async () => {
  const refused = [
    ["jbos"],
    ["jobs", "lisst"],
    ["logs", "--folow"],
    ["skip"],
    ["skip", "42"],
    ["cancel", "a", "b"],
    ["jobs", "list", "extra"],
    ["logs", "--tail"],
    ["orch", "x", "--detach=no"],
  ];
  for (const line of refused) {
    assert.equal(parse(line).is, "wrong", line.join(" "));
    const program = await buildProgram();
    assert.throws(() => program.parse(line, { from: "user" }), line.join(" "));
  }
});

test("every command of the table has its implementation, and every implementation its command", () => {
  assert.deepEqual(
    Object.keys(cold).toSorted(),
    commands
      .map(({ name }) => name)
      .filter((name) => name !== "help")
      .toSorted(),
  );
});

test("no two commands share a name or an alias", () => {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  assert.deepEqual(names, [...new Set(names)]);
});

test("flags may stand before the command; help and version are asked in every way", () => {
  const meant = (...line: string[]): string => {
    const parsed = parse(line);
    return parsed.is === "command"
      ? `${parsed.command.name} ${parsed.input.args.join(" ")} ${parsed.input.text("home") ?? ""}`.trim()
      : parsed.is;
  };
  assert.equal(meant("--home", "/x", "jobs", "list"), "jobs list  /x");
  assert.equal(meant("--json", "--home=/x", "ls"), "jobs list  /x");
  assert.equal(meant(), "status");
  for (const line of [["help"], ["--help"], ["-h"], ["help", "logs"], ["logs", "--help"], ["-h", "logs"]])
    assert.equal(meant(...line), "help", line.join(" "));
  for (const line of [["--version"], ["-V"], ["jobs", "list", "--version"]])
    assert.equal(meant(...line), "version", line.join(" "));
});

test("a selector in a command's place runs it; a job's number does not", () => {
  for (const selector of ["0402", "0400-0499", "!0410,0402", "04*"]) {
    const parsed = parse([selector, "-d"]);
    assert.ok(parsed.is === "command" && parsed.command.name === "run", selector);
    assert.deepEqual(parsed.input.args, [selector]);
  }
  assert.equal(parse(["42"]).is, "wrong");
});

/** Without Enter, as typed after the prompt. */
test("common tasks take at most four keys", () => {
  const tasks: [keys: string, command: string, flag?: string][] = [
    ["a0", "status"],
    ["a0 l", "jobs list"],
    ["a0 f", "jobs logs", "follow"],
    ["a0 r", "orch"],
    ["a0 x", "jobs cancel"],
    ["a0 p", "p"],
  ];
  for (const [keys, command, flag] of tasks) {
    assert.ok(keys.length <= 4, keys);
    const parsed = parse(keys.split(" ").slice(1));
    assert.ok(parsed.is === "command" && parsed.command.name === command, keys);
    if (flag !== undefined) assert.ok(parsed.input.on(flag), keys);
  }
});
