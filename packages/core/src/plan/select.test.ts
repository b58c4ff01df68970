import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptEntry } from "@aither/protocol";
import { indexScripts, select } from "./select.ts";

function entry(name: string, extra: Partial<ScriptEntry> = {}): ScriptEntry {
  return {
    number: name.slice(0, 4),
    name,
    path: `/w/automation-scripts/${name}.sh`,
    stage: "",
    description: "",
    dependencies: [],
    tags: [],
    condition: null,
    allowParallel: null,
    parameters: [],
    ...extra,
  };
}

const index = indexScripts([
  entry("0404_Analyse"),
  entry("0002_Setup"),
  entry("0402_Test", { stage: "Testing", tags: ["unit", "slow tests"] }),
  entry("0950_One"),
  entry("0950_Two"),
  entry("1404_Far"),
  entry("0405_Sharp", { tags: ["sharp # flat"] }),
]);

test("selectors", () => {
  const rows: [expression: string, scripts: string[], missing?: string[], unknown?: string[]][] = [
    ["0404 0402", ["0404_Analyse", "0402_Test"]],
    ["2", ["0002_Setup"]],
    ["4*", ["0402_Test", "0404_Analyse", "0405_Sharp"]],
    ["14*", ["1404_Far"]],
    ["1*", []],
    ["!0404, 0400-0499", ["0402_Test", "0405_Sharp"]],
    ["0400 - 0499", ["0402_Test", "0404_Analyse", "0405_Sharp"]],
    ["stage:testing", ["0402_Test"]],
    ["tag: slow tests, 0002", ["0402_Test", "0002_Setup"]],
    ["0402_Test.ps1", ["0402_Test"]],
    ["./automation-scripts/0402_Test.sh", ["0402_Test"]],
    ["0950_Two", ["0950_Two"]],
    ["0900-0999", ["0950_One", "0950_Two"]],
    ["0402,0402,0402-0404", ["0402_Test", "0404_Analyse"]],
    ["403 0402", ["0402_Test"], ["0403"]],
    ["0403_Nothing", [], ["0403_Nothing"]],
    ["0499-0400 what?", [], [], ["0499-0400", "what?"]],
    ["", []],
    ["0402 # unit tests", ["0402_Test"]],
    ["0402 #unit tests, and more", ["0402_Test"]],
    ["0402 # unit\n0404 # analysis", ["0402_Test", "0404_Analyse"]],
    ["stage:Testing # all of it,\n0002", ["0402_Test", "0002_Setup"]],
    ["tag:sharp # flat", ["0405_Sharp"]],
    ["0402 # tests, 0404", ["0402_Test", "0404_Analyse"], [], ["#", "tests"]],
    ["0402 # tests, then 0404", ["0402_Test"]],
    ["0402#", [], [], ["0402#"]],
    ["# 0402", ["0402_Test"], [], ["#"]],
    // Blanks around the colon, and quotes.
    ["stage: testing 0002", ["0402_Test", "0002_Setup"]],
    ["Stage :'Testing'", ["0402_Test"]],
    ["tag:\"slow tests\", '0002'", ["0402_Test", "0002_Setup"]],
    ["0402*, 0400-0402", ["0402_Test"]],
    // What is no selector of upstream's is none here.
    ["*4* 0?02 **", [], [], ["*4*", "0?02", "**"]],
    ["0404;0402 !!0402", [], [], ["0404;0402", "!!0402"]],
  ];
  for (const [expression, scripts, missing = [], unknown = []] of rows) {
    const found = select(expression, index);
    const names = found.scripts.map(({ name }) => name);
    assert.deepEqual([names, found.missing, found.unknown], [scripts, missing, unknown], expression);
  }
});

test("a part that no script is in is told beside others; where it is all, the whole is empty", () => {
  assert.deepEqual(select("0402 5000-5999, tag:none, !tag:other", index).empty, ["5000-5999", "tag:none"]);
  assert.deepEqual(select("tag:none", index).empty, []);
});

test("a bare number of two files is ambiguous and names both", () => {
  const { ambiguous } = select("0950", index);
  assert.deepEqual(
    ambiguous.map(({ part, candidates }) => [part, candidates.map(({ name }) => name)]),
    [["0950", ["0950_One", "0950_Two"]]],
  );
});

test("blanks, however many, keep nobody waiting", () => {
  const startedAt = process.cpuUsage();
  const blanks = " ".repeat(100_000);
  select(`stage:a${blanks}x${blanks}`, indexScripts([]));
  select(`${blanks}- 0402${blanks}x`, indexScripts([]));
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 3_000_000, `${user / 1_000} ms`);
});
