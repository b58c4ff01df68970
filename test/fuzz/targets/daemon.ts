/** What scripts, settings and readers give to the daemon: outputs, globs, settings, searches, secrets, environments. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Problem } from "@aither/protocol";
import fc from "fast-check";
import { renameSync, mkdirSync } from "node:fs";
import { readConfig, type Config } from "../../../daemon/src/config.ts";
import { literalPrefix, matcherOf } from "../../../daemon/src/exec/glob.ts";
import { excluderOf } from "../../../daemon/src/exec/workspace-files.ts";
import { parseOutputs } from "../../../daemon/src/exec/outputs.ts";
import { finderOf, whatIsWrong } from "../../../daemon/src/search/query.ts";
import { formsOf, isLongEnough } from "../../../daemon/src/secrets/forms.ts";
import { MaskLines } from "../../../daemon/src/secrets/mask-lines.ts";
import { MASK, Masker } from "../../../daemon/src/secrets/masker.ts";
import { namePattern } from "../../../daemon/src/secrets/names.ts";
import { jobEnvironment, workspaceOf } from "../../../daemon/src/api/environment.ts";
import { StartRefused } from "../../../daemon/src/store/format.ts";
import { allowed } from "../lib/no-writes.ts";
import { oddValue } from "../lib/schema.ts";
import { fileWith } from "../lib/scratch.ts";
import { stable, target, type Target } from "../lib/target.ts";
import { isWellFormed, piecesOf, sentences } from "../lib/text.ts";

const outputWords = [
  "name",
  "=",
  "value",
  "<<",
  "END",
  "\n",
  "\r\n",
  "a<<END\nx\nEND\n",
  "b=1\n",
  "__proto__=x\n",
  " ",
  "=<",
  "<",
  "\0",
  "<<END\n",
];
const globWords = [
  "*",
  "**",
  "/",
  "**/",
  "a",
  "b.txt",
  "dist",
  "?",
  "[a-z]",
  "[!x]",
  "[z-a]",
  "[",
  "]",
  "[^]",
  "[\\]",
  "{a,b}",
  "{",
  "}",
  ",",
  ".",
  "..",
  "\\",
  "!",
  "{*,**}",
  "*a",
];
const pathWords = ["a", "b.txt", "dist", "/", "aa", "x", ".", "\n", "ab", "é"];

const setting = fc.oneof(
  fc.dictionary(
    fc.constantFrom(
      "slots",
      "logLevel",
      "pools",
      "artifactBytesMax",
      "artifactFilesMax",
      "logLimit",
      "secretNames",
      "cacheBytesMax",
      "cacheDaysMax",
      "other",
      "__proto__",
    ),
    fc.oneof(
      oddValue,
      fc.constantFrom<unknown>(
        4,
        "8",
        "debug",
        { gpu: 1 },
        ["*_TOKEN"],
        "50MB",
        { head: 1, tail: "1MB" },
        "none",
        [5],
        { a: "1" },
      ),
    ),
    { maxKeys: 4 },
  ),
  oddValue,
);

const queryWords = [
  "a",
  "b",
  "(",
  ")",
  "*",
  "+",
  "[",
  "]",
  "\\",
  "^",
  "$",
  ".",
  "|",
  "?",
  "{2}",
  "\n",
  "(?<n>",
  "\\1",
  "é",
  "İ",
  "ß",
  "x{1000}",
];
const logWords = ["a", "b", "aaa", "\n", "\r\n", "\0", "é", "İ", "ß", "x", "error", " "];
const secretValue = fc.oneof(
  sentences(["abc", "s3cret", "\n", "'", '"', "\\", "$", "%", "&", "<", " ", "é", "\r\n", "=", "a"]).filter(
    (value) => value.length < 2_000,
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

async function configOf(text: string, env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<void> {
  const folder = dirname(fileWith("config.json", text));
  allowed(() => {
    mkdirSync(`${folder}/aither`, { recursive: true });
    renameSync(`${folder}/config.json`, `${folder}/aither/config.json`);
  });
  const read = async (): Promise<Config | Problem> => {
    try {
      return await readConfig(argv, { ...env, XDG_CONFIG_HOME: folder });
    } catch (error) {
      if (error instanceof StartRefused) return error.problem;
      throw error;
    }
  };
  const config = await read();
  assert.deepEqual(await read(), config, "the same text gave something else");
  if ("status" in config) return;
  assert.ok(Number.isInteger(config.slots) && config.slots >= 1);
  for (const size of Object.values(config.pools)) assert.ok(Number.isInteger(size) && size >= 1);
  for (const bytes of [config.artifacts.bytesMax, config.artifacts.filesMax, config.cache.bytesMax])
    assert.ok(Number.isSafeInteger(bytes) && bytes >= 1);
  assert.equal(typeof namePattern(config.secretNames)("A_TOKEN"), "boolean");
}

/** What the masker leaves holds no secret that is long enough, wherever the bytes are cut. */
function masks([values, before, after, where]: readonly [readonly string[], string, string, readonly number[]]): void {
  const masker = new Masker(values);
  for (const form of values.flatMap(formsOf)) assert.ok(form.length > 0 && !form.includes(10));
  const wanted = values.filter(isLongEnough);
  const text = before + wanted.join(after) + after;
  const masked = stable(() => masker.text(text));
  if (wanted.length === 0) return assert.equal(masked, text);
  const bytes = Buffer.from(text);
  const stream = masker.stream(0);
  const parts: Buffer[] = [];
  let end = 0;
  for (const piece of [...piecesOf(bytes, where), null]) {
    const settled = piece === null ? stream.rest() : stream.push(piece);
    end += settled.length;
    parts.push(stream.render(settled, end));
  }
  assert.equal(end, bytes.length, "bytes were lost");
  assert.equal(Buffer.concat(parts).toString(), Buffer.from(masked).toString(), "it depends on how the bytes are cut");
  const plain = wanted
    .map((value) => value.trim())
    .filter((value) => isWellFormed(value) && !/[\r\n]/.test(value) && !MASK.includes(value));
  for (const value of plain)
    assert.ok(!masked.replaceAll(MASK, "\n").includes(value), `${JSON.stringify(value)} is shown`);
}

export const daemonTargets: readonly Target[] = [
  target("daemon/outputs", {
    covers: ["parseOutputs"],
    share: 50,
    arbitrary: sentences(outputWords, [["a<<E\n", "E\n"]]),
    property: (text) => {
      for (const [name, value] of Object.entries(stable(() => parseOutputs(text))))
        assert.ok(name !== "" && typeof value === "string");
    },
  }),
  target("daemon/outputs-round", {
    covers: ["parseOutputs"],
    share: 10,
    arbitrary: fc.array(
      fc.tuple(
        fc.stringMatching(/^[A-Za-z_][\w -]{0,8}$/),
        fc.string({ unit: "binary" }).filter((value) => !/\r|^END$/m.test(value)),
      ),
      { maxLength: 4 },
    ),
    property: (pairs) => {
      const text = pairs.map(([name, value]) => `${name}<<END\n${value}\nEND\n`).join("");
      assert.deepEqual(parseOutputs(text), Object.fromEntries(new Map(pairs)));
    },
  }),
  target("daemon/glob", {
    covers: ["matcherOf", "literalPrefix", "excluderOf"],
    share: 3,
    arbitrary: fc.tuple(
      sentences(globWords, [
        ["{", "}"],
        ["[", "]"],
        ["**/", ""],
        ["*a", ""],
      ]),
      sentences(pathWords),
    ),
    property: ([pattern, path]) => {
      assert.equal(typeof stable(() => matcherOf(pattern)(path)), "boolean");
      assert.ok(pattern.startsWith(literalPrefix(pattern)));
      assert.equal(excluderOf([`!${pattern}`])(path), matcherOf(pattern)(path));
      if (!/[*?[\]{}\\]/.test(path) && path !== "" && path === path.trim() && !/^\.\/|\/$/.test(path))
        assert.ok(matcherOf(path)(path), "a plain path does not match itself");
    },
  }),
  target("daemon/config", {
    covers: ["readConfig"],
    share: 1,
    arbitrary: fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: setting.map((value) => JSON.stringify(value) ?? "") },
        { weight: 1, arbitrary: sentences(["{", "}", '"slots"', ":", "1", ","]) },
      ),
      fc.dictionary(
        fc.constantFrom("AITHER_SLOTS", "AITHER_LOG_LEVEL"),
        fc.constantFrom("", "4", "-1", "debug", "1e3", "0x10"),
        { maxKeys: 2 },
      ),
      fc.array(fc.constantFrom("--slots", "5", "--home", "/x", "--log-level", "debug", "--x", "--", ""), {
        maxLength: 4,
      }),
    ),
    property: ([text, env, argv]) => configOf(text, env, argv),
  }),
  target("daemon/search", {
    covers: ["whatIsWrong", "finderOf"],
    share: 50,
    // The search itself runs in a thread with a time limit, so only short patterns of users meet only short texts here.
    arbitrary: fc.tuple(
      fc.array(fc.constantFrom(...queryWords), { maxLength: 6 }).map((words) => words.join("")),
      fc.array(fc.constantFrom(...logWords), { maxLength: 30 }).map((words) => words.join("")),
      fc.boolean(),
      fc.boolean(),
    ),
    property: ([text, log, regex, ignoreCase]) => {
      const query = { text, regex, ignoreCase };
      const wrong = stable(() => whatIsWrong(query));
      if (wrong !== null) return;
      const lines = log.split("\n");
      for (const hit of finderOf(query).find(Buffer.from(log))) {
        assert.ok(hit.before >= 0 && hit.before < lines.length);
        assert.equal(hit.text, (lines[hit.before] ?? "").replace(/\r$/, ""));
      }
      if (regex || ignoreCase) return;
      assert.equal(
        [...finderOf(query).find(Buffer.from(log))].length,
        lines.filter((line) => line.includes(text)).length,
      );
    },
  }),
  target("daemon/masker", {
    covers: ["formsOf", "isLongEnough", "Masker"],
    share: 4,
    arbitrary: fc.tuple(
      fc.array(secretValue, { maxLength: 3 }),
      fc.string({ maxLength: 10 }),
      fc.constantFrom(" ", "\n", " x ", "\x1b[31m", ":"),
      fc.array(fc.nat(500), { maxLength: 5 }),
    ),
    property: masks,
  }),
  target("daemon/mask-lines", {
    covers: ["MaskLines"],
    share: 10,
    arbitrary: fc.tuple(
      sentences(["::add-mask::", "::", "add-mask", "\n", "\r\n", " ", "a", "%0A", "%25", "\0", "é"]),
      fc.array(fc.nat(500), { maxLength: 5 }),
    ),
    property: ([text, cuts]) => {
      // However it is cut: nothing is lost, and the same is named.
      const read = (all: readonly Buffer[]): [text: string, named: (string | null)[]] => {
        const lines = new MaskLines(true);
        const parts = [...all.flatMap((piece) => lines.push(piece)), ...lines.rest()];
        const named = parts.map(({ mask }) => mask).filter((mask) => mask !== null);
        return [Buffer.concat(parts.map(({ bytes }) => bytes)).toString(), named];
      };
      const bytes = Buffer.from(text);
      const found = read(piecesOf(bytes, cuts));
      assert.equal(found[0], bytes.toString());
      assert.deepEqual(found, read([bytes]));
    },
  }),
  target("daemon/masker-document", {
    covers: ["Masker"],
    share: 5,
    arbitrary: fc.tuple(oddValue, fc.constantFrom("abc", "s3cret", "null", "__proto__")),
    property: ([value, secret]) => {
      const document = JSON.parse(JSON.stringify(value ?? null)) as unknown;
      const masked = stable(() => new Masker([secret]).document(document));
      JSON.stringify(masked);
    },
  }),
  target("daemon/environment", {
    covers: ["jobEnvironment", "workspaceOf", "namePattern"],
    share: 10,
    arbitrary: fc.tuple(
      fc.dictionary(
        fc.oneof(fc.constantFrom("PATH", "PWD", "TERM", "__proto__", "A_TOKEN"), fc.string({ maxLength: 80 })),
        fc.string({ maxLength: 8 }),
      ),
      sentences(["*", "A", "_", "TOKEN", "*A"]),
    ),
    property: ([env, glob]) => {
      const kept = stable(() => jobEnvironment(env));
      for (const [name, value] of Object.entries(kept)) assert.equal(env[name], value);
      assert.ok(workspaceOf({ env }).length > 0);
      const fits = namePattern([glob.slice(0, 200)]);
      for (const name of Object.keys(env)) assert.equal(typeof fits(name), "boolean");
    },
  }),
];
