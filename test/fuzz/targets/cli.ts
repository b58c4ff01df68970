/** What people type: command lines, times, secrets, addresses. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AitherError, addressOf } from "@aither/client/node";
import { startTime } from "../../../cli/src/at.ts";
import { playbookOf, variablesOf } from "../../../cli/src/start.ts";
import { commands, globalFlags } from "../../../cli/src/commands.ts";
import { Input } from "../../../cli/src/input.ts";
import { parse } from "../../../cli/src/parse.ts";
import { buildProgram } from "../../../cli/src/program.ts";
import { parseSecrets } from "../../../cli/src/secrets.ts";
import { readLedger } from "../../../cli/src/crash-test/workload.ts";
import { cut, width } from "../../../cli/src/display/width.ts";
import { plain } from "../../../cli/src/display/line.ts";
import { stable, target, told, type Target } from "../lib/target.ts";
import { sentences } from "../lib/text.ts";

const refused = (error: unknown): boolean => error instanceof AitherError && error.code === "USAGE";

const flagWords = [
  ...new Set(commands.flatMap(({ flags = {} }) => Object.entries({ ...globalFlags, ...flags }))),
].flatMap(([name, { type, short }]) => [
  `--${name}`,
  ...(short ? [`-${short}`] : []),
  ...(type === "string" ? [`--${name}=v=1`, `--${name}=`] : [`--no-${name}`, `--${name}=true`]),
  ...(short && type === "string" ? [`-${short}5`, `-${short}=5`] : []),
]);
const nameWords = [...new Set(commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]))];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...flagWords) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "42",
      "latest",
      "a",
      "0402",
      "0400-0499,!0410",
      "k=v",
      "",
      " ",
      "-",
      "--",
      "-x",
      "-nf",
      "-fn5",
      "-5",
      "=",
      "--=",
      "a b",
      "💥",
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom("constructor", "__proto__", "--__proto__", "--constructor", "toString") },
);
const commandLine = fc
  .tuple(
    fc.array(word, { maxLength: 1 }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...nameWords) },
      { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
    ),
    fc.array(word, { maxLength: 6 }),
  )
  .map(([before, name, after]) => [...before, ...name.split(" "), ...after]);

type Meaning = {
  readonly name: string;
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
};
const camel = (flag: string): string => flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** What commander makes of it; null when it refuses. A program that was used once keeps what it saw, so a fresh one each time. */
async function byCommander(argv: readonly string[]): Promise<Meaning | null> {
  let meaning: Meaning | null = null;
  const fresh = await buildProgram((name, args, flags) => {
    meaning = {
      name,
      args,
      values: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    };
  });
  try {
    fresh.parse([...argv], { from: "user" });
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("commander.") !== true) throw error;
    return null;
  }
  return meaning;
}

const isGroup = (word: string): boolean => commands.some(({ name }) => name.startsWith(`${word} `));

async function agree(argv: readonly string[]): Promise<void> {
  const fast = parse(argv);
  // Help, versions, bare groups and global flags in front are settled before commander is asked.
  if (fast.is !== "command" || argv[0]?.startsWith("-") === true || fast.input.command === "") return;
  if (fast.command.name === "run" && argv[0] !== "run") return;
  const { command, input } = fast;
  const alias = command.aliases?.find((one) => one === argv[0]);
  if (alias !== undefined && (command.presets?.[alias] !== undefined || isGroup(alias))) return;
  const slow = await byCommander(argv);
  if (slow === null) return assert.fail(`commander refuses what is taken as ${command.name}: ${JSON.stringify(argv)}`);
  const values = Object.fromEntries(
    Object.keys({ ...globalFlags, ...command.flags }).flatMap((flag) => {
      const value =
        input.on(flag) || (input.text(flag) ?? (input.list(flag).length > 0 ? [...input.list(flag)] : undefined));
      return value === undefined ? [] : [[camel(flag), value]];
    }),
  );
  assert.deepEqual({ name: command.name, args: input.args, values }, slow);
}

const inputWords = [
  "1",
  "90",
  "10m",
  "2h",
  "1.5s",
  "200ms",
  "30d",
  "-1",
  "",
  "1e3",
  "9".repeat(400),
  "k=v",
  "=v",
  "k=",
  "k",
  'k={"a":1}',
  "k=[",
  "__proto__=1",
  "k=@x",
];
const secretWords = [
  "A",
  "=",
  "B=1",
  "\n",
  "\r\n",
  "export ",
  "#",
  "'",
  '"',
  "\\n",
  '\\"',
  "\\",
  " ",
  "value",
  "A='x'",
  'B="y\n',
  "__proto__=x",
  "\uFEFF",
];

export const cliTargets: readonly Target[] = [
  target("cli/parse", {
    covers: ["parse"],
    share: 10,
    arbitrary: fc.oneof(
      { weight: 5, arbitrary: commandLine },
      { weight: 1, arbitrary: fc.array(word, { maxLength: 6 }) },
    ),
    property: (argv) => {
      const parsed = parse(argv);
      assert.deepEqual(parse(argv), parsed);
      if (parsed.is === "wrong") assert.ok(parsed.reason.length > 0);
    },
  }),
  target("cli/commander", { covers: ["buildProgram"], share: 3, arbitrary: commandLine, property: agree }),
  target("cli/at", {
    covers: ["startTime"],
    share: 60,
    arbitrary: sentences([
      "22:30",
      "+10m",
      "+",
      "1.5",
      "h",
      "d",
      "2026-01-31",
      "T",
      "T22:30",
      " 22:30:05",
      "Z",
      "+14:00",
      "-12:00",
      ":",
      "99",
      "9999-12-31T23:59",
      "0000-01-01T00:00",
      "9".repeat(30),
      "-",
    ]),
    property: (text) => {
      const nowMs = Date.UTC(2026, 0, 31, 12);
      const result = stable(() => told(() => startTime(text, nowMs), refused));
      if ("gave" in result) assert.match(String(result.gave), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    },
  }),
  target("cli/input", {
    covers: ["Input", "variablesOf"],
    share: 50,
    arbitrary: fc.oneof(fc.constantFrom(...inputWords), sentences(inputWords)),
    property: (text) => {
      const input = new Input("x", [], { x: text, var: [text] });
      const count = told(() => input.count("x"), refused);
      if ("gave" in count) assert.ok(Number.isSafeInteger(count.gave) && (count.gave as number) >= 0);
      const time = told(() => input.timeMs("x"), refused);
      if ("gave" in time)
        assert.ok(Number.isFinite(time.gave) && (time.gave as number) >= 0, `${String(time.gave)} ms`);
      told(() => input.pairs("var"), refused);
      const variables = told(() => variablesOf(input), refused);
      if ("gave" in variables && /^[^=]/.test(text))
        assert.deepEqual(Object.keys(variables.gave as object), [text.slice(0, text.indexOf("="))]);
    },
  }),
  target("cli/secrets", {
    covers: ["parseSecrets"],
    share: 20,
    arbitrary: fc.oneof(
      sentences(secretWords),
      fc.array(fc.constantFrom(...secretWords)).map((some) => some.join("\n")),
    ),
    property: (text) => {
      const result = stable(() => told(() => parseSecrets(text, "f"), refused));
      if ("threw" in result) assert.match(result.threw, /f:\d+:\d+: /);
      else
        for (const [name, value] of Object.entries(result.gave as object))
          assert.ok(/^[A-Za-z_]\w*$/.test(name) && typeof value === "string");
    },
  }),
  target("cli/secrets-round", {
    covers: ["parseSecrets"],
    share: 10,
    arbitrary: fc.array(
      fc.tuple(
        fc.stringMatching(/^[A-Za-z_]\w{0,8}$/),
        fc.string({ unit: "binary" }).filter((value) => !/['\r]/.test(value)),
      ),
      { maxLength: 5 },
    ),
    property: (pairs) => {
      const text = pairs.map(([name, value]) => `${name}='${value}'\n`).join("");
      assert.deepEqual(Object.entries(parseSecrets(text, "f")), [...new Map(pairs)]);
    },
  }),
  target("cli/address", {
    covers: ["addressOf", "playbookOf"],
    share: 10,
    arbitrary: sentences([
      "unix://",
      "/run/x.sock",
      "npipe://",
      "http://",
      "127.0.0.1",
      ":80",
      "[::1]",
      "localhost",
      ":99999",
      "/",
      "https://",
      "\\\\.\\pipe\\x",
      "a.yaml",
      "./a",
    ]),
    property: (text) => {
      stable(() =>
        told(
          () => addressOf(text, {}),
          (error) => error instanceof AitherError,
        ),
      );
      assert.equal(typeof playbookOf(text, "/w"), "string");
    },
  }),
  target("cli/lines", {
    covers: ["plain", "width", "cut", "readLedger"],
    share: 20,
    arbitrary: fc.tuple(
      sentences([
        "\x1b[31m",
        "\x1b[2J",
        "\x1b]0;x\x07",
        "\x1b",
        "\r",
        "\b",
        "a",
        "é",
        "e\u0301",
        "漢字",
        "👩‍👩‍👧",
        "\u200b",
        "\u202e",
        "\t",
        "\n",
        "\x9b31m",
      ]),
      fc.nat(30),
    ),
    property: ([text, columns]) => {
      const line = stable(() => plain(text, { color: false }));
      assert.ok(!/[\x1b\x9b\x07\b]/.test(line), "what steers a terminal is left in it");
      assert.ok(
        width(cut(line, columns)) <= Math.max(columns, 1),
        `${width(cut(line, columns))} columns, not ${columns}`,
      );
      readLedger(text);
    },
  }),
];
