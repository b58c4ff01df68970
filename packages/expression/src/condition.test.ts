import assert from "node:assert/strict";
import { test } from "node:test";
import { type Context, evaluateCondition, mentionsStatusFunction, unknown } from "./index.ts";

const context: Context = {
  names: {
    matrix: { os: "Linux", node: 20 },
    needs: unknown("needs come later", { late: true }),
    github: unknown("there is no github", { late: false }),
  },
  variables: {
    on: true,
    off: false,
    textFalse: "false",
    zero: 0,
    empty: "",
    mode: "Fast",
    list: ["a", "B"],
    count: "12",
    nested: { deep: { x: 1 } },
  },
  environment: { CI: "true" },
  platform: "linux",
};

const decided: readonly [condition: string, decision: "true" | "false"][] = [
  // GitHub's language.
  ["true", "true"],
  ["matrix.os == 'linux'", "true"],
  ["${{ matrix.node > 18 }}", "true"],
  ["matrix.missing", "false"],
  ["${{ false }} && true", "true"],
  // A lone template is true unless it is empty, false, $false or 0.
  ["{{on}}", "true"],
  ["{{off}}", "false"],
  ["{{textFalse}}", "false"],
  ["{{zero}}", "false"],
  ["{{nowhere}}", "false"],
  ["{{nowhere:=true}}", "true"],
  ["!{{nowhere:=false}}", "true"],
  ["!{{on}}", "false"],
  // Booleans compare by truth, so a flag that nobody set equals false.
  ["{{nowhere}} == false", "true"],
  ["{{on}} -eq $true", "true"],
  ["{{textFalse}} == false", "true"],
  ["!{{off}} == false", "false"],
  // Text ignores case; quotes hold templates.
  ["'{{mode}}' -eq 'fast' -or '{{mode}}' -eq 'slow'", "true"],
  ["{{mode}} -ne 'FAST'", "false"],
  ["{{mode == 'fast'}}", "true"],
  ["{{mode != 'fast'}}", "false"],
  ["$mode -in @('slow', 'fast')", "true"],
  ["$list -contains 'b'", "true"],
  ["$list -notcontains 'c'", "true"],
  ["$mode -like 'f*t'", "true"],
  ["$mode -match '^fa'", "true"],
  // Numbers compare as numbers wherever both sides look like one.
  ["$count -ge 2 -and $count -le 100", "true"],
  ["{{count}} > 9", "true"],
  ["'{{count}}' -gt '9'", "true"],
  // Names.
  ["Variables.Mode -eq 'fast'", "true"],
  ["$Variables.on", "true"],
  ["$(mode) -eq 'fast' -and $(on) -eq $true", "true"],
  ["$nested.deep.x -eq 1", "true"],
  ["-not $nowhere", "true"],
  ["($on) -and -not ($off -or $empty)", "true"],
  // The machine, where the host told about it.
  ["$env:CI -eq 'true'", "true"],
  ["$env:NOT_SET -eq 'true'", "false"],
  ["$IsWindows", "false"],
  ["$IsLinux -and $on", "true"],
  // What nobody can tell does not matter when the rest decides.
  ["!{{off}} -or (Get-Command docker -ErrorAction SilentlyContinue)", "true"],
  ["{{off}} -and (Test-Path './x')", "false"],
  ["false && needs.a.outputs.b", "false"],
];

test("conditions that can be decided", () => {
  for (const [condition, decision] of decided) {
    assert.deepEqual(evaluateCondition(condition, context), { is: decision }, condition);
  }
});

const undecidable: readonly [condition: string, late: boolean][] = [
  ["Test-Path './reports'", false],
  ["Test-Path '{{mode}}/a' -and (Get-ChildItem '{{mode}}/a').Count -gt 0", false],
  ["$results.Completed -contains '0207'", false],
  ["[System.Environment]::OSVersion.Version.Build -ge 19041", false],
  ["$PSVersionTable.PSVersion.Major -ge 7", false],
  ["github.event_name == 'push'", false],
  ["needs.build.outputs.x == 'y'", true],
  ["always()", true],
  ["success() && matrix.os == 'linux'", true],
];

test("conditions that cannot be decided say why, and whether the run will tell", () => {
  for (const [condition, late] of undecidable) {
    const decision = evaluateCondition(condition, context);
    assert.equal(decision.is, "undecidable", condition);
    assert.ok(decision.is === "undecidable" && decision.reason !== "", condition);
    assert.equal(decision.is === "undecidable" && decision.late, late, condition);
  }
});

test("a name that does not exist is a mistake, not false", () => {
  const decision = evaluateCondition("nosuch.thing == 1", context);
  assert.equal(decision.is, "error");
  assert.match(decision.is === "error" ? decision.message : "", /Unrecognized named-value: 'nosuch'/);
});

test("status functions are found in the tree, not in texts", () => {
  const rows: [string, boolean][] = [
    ["always()", true],
    ["${{ !Cancelled() && matrix.os == 'x' }}", true],
    ["contains('always()', matrix.os)", false],
    ["needs.always.result == 'success'", false],
    ["$x -eq 'failure()'", false],
    ["{{x}} -and failure()", true],
  ];
  for (const [condition, mentions] of rows) assert.equal(mentionsStatusFunction(condition), mentions, condition);
});

test("status functions of the host are called with their arguments", () => {
  const seen: unknown[] = [];
  const decision = evaluateCondition("success('a', 'b')", {
    names: {},
    functions: { success: (ids) => (seen.push(ids), true) },
  });
  assert.deepEqual([decision, seen], [{ is: "true" }, [["a", "b"]]]);
});

test("a condition that is longer than any takes no time", () => {
  const startedAt = performance.now();
  assert.equal(evaluateCondition(`${"${{ (".repeat(100_000)}'`, context).is, "error");
  assert.ok(performance.now() - startedAt < 20_000);
});
