import assert from "node:assert/strict";
import { test } from "node:test";
import { plainJson } from "./plain-json.ts";
import { parsePsd1 } from "./psd1.ts";
import { readPlaybook } from "./read.ts";
import { looksLikeSelector } from "./upgrade/old-action.ts";
import { lostNegations } from "./yaml-mistakes.ts";

/** Texts that are rare, right or wrong, and were once read for ever or as something else. */

const LONG_MS = 2_000;

function quick<T>(what: string, run: () => T): T {
  const before = performance.now();
  const result = run();
  assert.ok(performance.now() - before < LONG_MS, `${what} takes ${Math.round(performance.now() - before)} ms`);
  return result;
}

test("a banner of signs is read as quickly as any comment", () => {
  const body = "metadata: { name: x }\norchestration: { jobs: { a: { steps: [{ script: echo }] } } }\n";
  for (const banner of ["#".repeat(79), "# ".repeat(400), " #".repeat(2_000), "#".repeat(100_000)])
    assert.ok(quick(banner.slice(0, 8), () => readPlaybook(`${banner}\n${body}`, "x.yaml")).ok);
  quick("comments alone", () => readPlaybook("# #\n".repeat(20_000), "x.yaml"));
  const block = quick("blocks", () => readPlaybook(`${"<##>".repeat(5_000)}${"\n".repeat(20_000)}x`, null));
  assert.ok(!block.ok);
  const data = "@{ Stages = @( @{ Name = 'a'; Sequence = '0402' } ) }";
  assert.ok(readPlaybook(`<# a #>\n# b\n  ${data}`, null).ok);
  quick("a selector that is none", () => looksLikeSelector(`stage:${", # ".repeat(5_000)}\nx`));
});

test("what looks like a selector, and what does not", () => {
  for (const text of [
    "0402",
    " !0410 ",
    "04*",
    "tag:unit",
    "stage:Two words",
    "0402, x",
    "0402 0403",
    "a/b.ps1",
    "0402 # why",
  ])
    assert.ok(looksLikeSelector(text), text);
  for (const text of ["npm test", "0402\necho", "echo 0402", "", "# 0402"]) assert.ok(!looksLikeSelector(text), text);
});

test("a lost negation is found wherever it stands, and nowhere else", () => {
  for (const [text, line, col] of [
    ["if: ! failure()", 1, 5],
    ["a:\n  if:\n      ! failure()", 3, 7],
    ["a: { if: ! failure() }", 1, 10],
    ["- ! failure()", 1, 3],
  ] as const) {
    const [found, ...more] = lostNegations(text);
    assert.deepEqual([found?.at?.line, found?.at?.col, more.length], [line, col, 0], text);
    assert.match(found?.fix ?? "", /"! failure\(\)"/);
  }
  for (const text of [
    "# how to: {if: ! failure()}\na: 1",
    "description: 'say {if: ! failure()}'",
    "text: 'one\n  note: ! not'",
    "text: |\n  if: ! x",
    "if: '! failure()'",
    "tag: !!str 5",
  ])
    assert.deepEqual(lostNegations(text), [], text);
});

test("JSON: a comment of nothing, and numbers of any length", () => {
  assert.deepEqual(JSON.parse(plainJson('{\n//\n"a": 1, /**/ }').text), { a: 1 });
  const read = readPlaybook(`{"a":1,"a":${"1".repeat(150)},"metadata":{"name":"x"}}`, "x.json");
  assert.ok(!read.ok);
});

test("PowerShell: where a condition ends, and what signs make", () => {
  const value = (text: string): unknown => {
    const parsed = parsePsd1(text, null);
    assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
    return parsed.value;
  };
  assert.deepEqual(value("@{ Condition = $env:LEVEL -gt -1\n Sequence = '0402' }"), {
    Condition: "{{$env:LEVEL -gt -1}}",
    Sequence: "0402",
  });
  assert.deepEqual(value("@($x -gt -5\n 'b')"), ["{{$x -gt -5}}", "b"]);
  assert.deepEqual(value("@{ c = $a -and\n -not $b }"), { c: "{{$a -and\n -not $b}}" });
  assert.deepEqual(value("@{ t = 'x' + $null + $true + @('a', 'b') }"), { t: "xTruea b" });
  assert.deepEqual(value("@{ t = ('a' + 'b'), 'c'; n = @(1) + 2 + @(3, 4) }"), { t: ["ab", "c"], n: [1, 2, 3, 4] });
  assert.equal((quick("many sums", () => value(`@{ a = ${"@(1)+".repeat(20_000)}1 }`)) as { a: [] }).a.length, 20_001);
  assert.deepEqual(value("@{ b = { git log --format=%h#x } }"), { b: "git log --format=%h#x" });
  for (const text of ["@(1, 2 + 3)", "@{ a = 'x', 'y' + 'z' }", "@{ a = ,'x' + 'y' }", "@('a' + 'b', 'c')"]) {
    const parsed = parsePsd1(text, null);
    assert.match(parsed.ok ? "it was read" : parsed.message, /beside commas/, text);
  }
  assert.match(String((parsePsd1("@{ a = 1e400 }", null) as { message?: string }).message), /too large/);
});
