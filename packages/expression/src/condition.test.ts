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
    one: ["a"],
    no: [false],
    numbers: [1, 2, 3],
    lines: "a\n",
    "my-name": "q",
    version: "v1.20.3",
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

/** What PowerShell says of these; decided here, too. */
const powershell: readonly [condition: string, decision: "true" | "false"][] = [
  // A list needs no brackets, and has them in many ways.
  ["$mode -in 'slow','fast'", "true"],
  ["{{mode}} -notin 'slow', \"fast\"", "false"],
  ["Variables.mode -in ('slow', 'fast') -and $on", "true"],
  ["'slow','fast' -contains $mode", "true"],
  ["$mode,'x' -contains 'x'", "true"],
  ["@('slow'; 'fast') -contains $mode", "true"],
  ["$mode -in @(\n  'slow' # the other\n  'fast'\n)", "true"],
  ["$mode -in @('slow',\n 'x')", "false"],
  ["'a' -in $list -and 'z' -notin $list", "true"],
  ["3 -in 1..5 -and 6 -notin 5..1", "true"],
  // `-and`, `-or` and `-xor` bind equally, from left to right.
  ["$on -xor $off", "true"],
  ["$on -xor $on", "false"],
  ["$on -or $on -xor $on", "false"],
  ["$on -or $on -and $off", "false"],
  ["$on -or ($on -and $off)", "true"],
  ["{{on}} || {{on}} && {{off}}", "true"],
  // Names in braces, in texts, with escapes.
  ["${mode} -eq 'fast' -and ${my-name} -eq 'q' -and ${env:CI} -eq 'true'", "true"],
  ['"${mode}er" -eq "faster"', "true"],
  ['"$($mode) $mode $env:CI" -eq "fast fast true"', "true"],
  ["\"`$mode\" -eq '$mode'", "true"],
  ["\"$mode\" -eq '$mode'", "false"],
  ['"a""b`"c`t" -eq \'a"b"c\t\'', "true"],
  ["\"$list\" -eq 'a B'", "true"],
  ["'it''s' -eq \"it's\"", "true"],
  // Case counts where somebody says so.
  ["$mode -ceq 'fast' -or $mode -clike 'f*' -or $mode -cmatch '^f' -or $mode -cin 'fast','x'", "false"],
  ["$mode -cne 'fast' -and $list -cnotcontains 'b' -and $mode -ieq 'FAST' -and $mode -cnotlike 'f*'", "true"],
  // Wildcards and patterns.
  ["$mode -like 'F[a-c]st' -and $mode -like 'f?st' -and $mode -notlike '[xyz]*'", "true"],
  ["$mode -match '^f(a|o)st$' -and $mode -notmatch 'f\\.st'", "true"],
  ["$version -match '^v\\d+\\.\\d+\\.\\d+$'", "true"],
  // A list on the left gives what fits.
  ["$list -eq 'a'", "true"],
  ["$list -eq 'z'", "false"],
  ["$one -ne 'a'", "false"],
  ["$numbers -gt 2 -and -not ($numbers -gt 3)", "true"],
  ["$no", "false"],
  ["$list.Count -eq 2 -and $mode.Length -eq 4 -and $mode.Count -eq 1 -and $nowhere.Count -eq 0", "true"],
  // Nothing equals nothing alone; empty text is something.
  ["$null -eq $nowhere -and $nowhere -ne '' -and $empty -ne $null", "true"],
  ["$nowhere -ge 0", "false"],
  ["{{nowhere}} -eq '' -and '{{nowhere}}' -eq '' -and {{nowhere}} -eq $null", "true"],
  // `!` and brackets.
  ["!($on) -or ! $on -or -not($on)", "false"],
  ["!!$on -and -not -not $on", "true"],
  ["-not $mode -eq 'fast'", "false"],
  // Casts, and whether something is empty.
  ["[int]$count -gt 9 -and [string]$zero -eq '0' -and [bool]$mode", "true"],
  ["[string]::IsNullOrEmpty($empty) -and ![string]::IsNullOrWhiteSpace($mode)", "true"],
  // Comments, lines, and what a word processor makes of quotes and dashes.
  ["$on <# so #> -and `\n  $mode -eq 'fast' # at last", "true"],
  ["$mode \u2013eq \u2018fast\u2019 -and \u201C$mode\u201D -eq \u2018fast\u2019", "true"],
];

test("conditions as PowerShell decides them", () => {
  for (const [condition, decision] of powershell) {
    assert.deepEqual(evaluateCondition(condition, context), { is: decision }, condition);
  }
});

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
  // PowerShell beyond what is decided here is never guessed.
  ["$mode -replace 'a', 'b' -eq 'fbst'", false],
  ["$mode -is [string]", false],
  ["$count + 1 -eq 13", false],
  ["$count -1 -eq 11", false],
  ["$list[0] -eq 'a'", false],
  ["$mode.ToUpper() -eq 'FAST'", false],
  ["$mode -eq fast", false],
  ["$args -contains 'x'", false],
  ["$script:mode -eq 'fast'", false],
  ["5 -gt 'abc'", false],
  ["$mode -cgt 'fast'", false],
  ["$mode -match '(a+)+$'", false],
  ["$mode -match '(?<=f)a'", false],
  // Tried in all combinations, it would take for ever.
  [`$mode -match '${"(a|a)".repeat(39)}b'`, false],
  // .NET's `$` also stands before a last line feed.
  ["$lines -match 'a$'", false],
  ["$mode -like 'f[a'", false],
  ["[bool]$textFalse", false],
  ["[int]$mode -eq 1", false],
  ["!$off, $on -contains $true", false],
  ["{{on}} || {{on}} -and {{off}}", false],
  ["$on; $off", false],
  ["$on -and", false],
  ["\"$(Get-Date)\" -eq 'today'", false],
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
