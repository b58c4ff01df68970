/** The table knows every parser: what is exported, looks like one, and takes text, is in a row, or is named here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { typescript, isTest } from "../tidy/lib/sources.ts";
import { targets } from "./targets/index.ts";

/** Names that say: here comes text from outside. */
const parserName =
  /^(parse|read|decode|detect|evaluate|interpolate|select$|cut$|pieces$|expand|matcher|literal|finder|whatIsWrong|bytesOf|logLimit|problemOf|addressOf|startTime|isLegacy|mentions|walk|legacyTokens|workspaceOf|namePattern|formsOf)/;
const takesText =
  /\(\s*(\w+|\{[^}]*\}):\s*(\{[^}]*\}\s*)?(string|Buffer|Uint8Array|unknown|Json|readonly string\[\]|AsyncIterable<Uint8Array>|\{ readonly \[key: string\]: Json \})/;

/** Reached through another row, or read what we ourselves wrote a moment ago. */
const elsewhere: Readonly<Record<string, string>> = {
  readAll: "through parsePsd1",
  parseLine: "through linesBackwards",
  parse: "of expressions: through evaluate; of command lines: a row",
  parseLegacy: "through evaluateCondition",
  parseTime: "a row; only what isoTime wrote",
  pieces: "through cut",
  detect: "through readPlaybook",
  readV2: "through readPlaybook",
  readV3: "through readPlaybook",
  readOld: "through readPlaybook",
  readHooks: "through readPlaybook",
  expandMatrix: "a row",
  evaluateNode: "through evaluate",
  evaluateLegacy: "through evaluateCondition",
  parseOptions: "takes no text",
  readText: "bytes to text, through the client's calls",
  readProcessStat: "reads /proc; its text is a row: parseStat",
  readBootId: "one line of the kernel",
  readSource: "a file's text; through the routes",
  legacyText: "a row",
  readOrigin: "the same as readOriginNow",
  readSecret: "what we wrote",
  readHead: "a file; its text is a row: readScriptHeader",
  readOutputs: "a file; its text is a row: parseOutputs",
};

test("every parser that is exported is in a row, or it is said why not", () => {
  const covered = new Set(targets.flatMap(({ covers }) => covers));
  const found = typescript("packages", "daemon", "cli")
    .filter(({ path }) => !isTest(path) && !/\/testing\//.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^export (?:async )?function\*? (\w+)(?:<[^>]*>)?(\([^]*?)\{$/gm)].map(
        ([, name = "", rest = ""]) => ({ path, name, rest }),
      ),
    )
    .filter(({ name, rest }) => parserName.test(name) && takesText.test(rest));
  assert.ok(found.length > 20, `only ${found.length} parsers were seen`);
  const missing = found
    .filter(({ name }) => !covered.has(name) && !(name in elsewhere))
    .map(({ path, name }) => `${path}: ${name}`);
  assert.deepEqual(missing, []);
});

test("a row names functions that there are, and rows have names of their own", () => {
  const all = typescript("packages", "daemon", "cli")
    .map(({ text }) => text)
    .join("\n");
  for (const { name, covers } of targets) {
    for (const one of covers)
      assert.match(all, new RegExp(`export (async )?(function\\*?|class) ${one}\\b`), `${name} covers ${one}`);
  }
  assert.equal(new Set(targets.map(({ name }) => name)).size, targets.length);
});
