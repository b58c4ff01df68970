import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { placeAt } from "./finding.ts";
import { parsePsd1 } from "./psd1.ts";

const config = join(import.meta.dirname, "../../../../shared/upstream/config");

test("PowerShell data becomes JSON", () => {
  const rows: [text: string, value: unknown][] = [
    ["@{}", {}],
    ["# a comment\r\n<# and\n another #>\r\n@{ A = 1; b = 'x' }", { A: 1, b: "x" }],
    [
      "@{ 'quoted key' = $true\n \"other\" = $null\n Key.With-Marks = $false }",
      { "quoted key": true, other: null, "Key.With-Marks": false },
    ],
    ['@{ a = \'it\'\'s\'; b = "say ""hi"" `$x`t" }', { a: "it's", b: 'say "hi" $x\t' }],
    ["@{ n = @(-5, 0x1F, 1.5e3, 10L, 4KB, 2MB) }", { n: [-5, 31, 1500, 10, 4096, 2097152] }],
    [
      "@{ a = @() ; b = @('one') ; c = 'x', 'y' ; d = ,1 }".replace("d = ,1", "d = (2)"),
      { a: [], b: ["one"], c: ["x", "y"], d: 2 },
    ],
    ["@{ a = @(\n 'x' # first\n\n 'y',\n @{ z = 1 }\n) }", { a: ["x", "y", { z: 1 }] }],
    ["@{ h = @'\nline 'one'\n\"two\"\n'@ }", { h: "line 'one'\n\"two\"" }],
    ['@{ h = @"\nhome $env:HOME\n"@; k = 1 }', { h: "home {{$env:HOME}}", k: 1 }],
    [
      '@{ e = $env:CI; t = "a $($env:NAME) b ${env:X}"; v = $Variables.Path; w = $name }',
      { e: "{{$env:CI}}", t: "a {{$env:NAME}} b {{$env:X}}", v: "{{Path}}", w: "{{name}}" },
    ],
    ["@{ c = { $IsWindows -and @{}.Count -eq '}' } }", { c: "$IsWindows -and @{}.Count -eq '}'" }],
    ["@{ a = 'x' + 'y'; b = @(1) + @(2, 3); c = 1 + 2 }", { a: "xy", b: [1, 2, 3], c: 3 }],
    ["@{ a = [ordered]@{ z = 1 }; b = [string]'x' }", { a: { z: 1 }, b: "x" }],
    ["@{ a = `\n 1 }", { a: 1 }],
    ["@{ a = $env:CI -eq 'a;b' ; b = 1 }", { a: "{{$env:CI -eq 'a;b'}}", b: 1 }],
    ["@{ __proto__ = 1; constructor = 2 }", JSON.parse('{"__proto__": 1, "constructor": 2}')],
  ];
  for (const [text, value] of rows) {
    const result = parsePsd1(text);
    assert.ok(result.ok, `${text}: ${JSON.stringify(result)}`);
    assert.equal(JSON.stringify(result.value), JSON.stringify(value), text);
  }
});

test("what PowerShell reads, and how", () => {
  const rows: [text: string, value: unknown][] = [
    // A comma in front makes a list of one; a lone list within @( ) is what it holds.
    ["@{ a = ,'x' ; b = ,@(1, 2) ; c = @( ,@(1, 2) ) }", { a: ["x"], b: [[1, 2]], c: [[1, 2]] }],
    ["@{ a = @( @(1, 2) ) ; b = @( @(1)\n @(2) ) ; c = @( @(1), @(2) ) }", { a: [1, 2], b: [1, 2], c: [[1], [2]] }],
    [
      "@{ a = @(\n1\n2 # two\n\n3); b = @(1; 2); c = @(1,\n2,\n); ; d = 'x';; }",
      { a: [1, 2, 3], b: [1, 2], c: [1, 2], d: "x" },
    ],
    // What a word processor makes of quotes and dashes.
    [
      "@{ \u2018a\u2019 = \u2018it\u2019\u2019s\u2019; b = \u201Csay `t$x\u201D; c = \u20135; d = 'a\u2019s' }",
      { a: "it\u2019s", b: "say \t$x", c: -5, d: "a\u2019s" },
    ],
    ["@{ a\u00A0=\u00A01\r b = 2\r}", { a: 1, b: 2 }],
    ["@{ \u00C4rger = 1 }", { Ärger: 1 }],
    // Numbers, sums and products.
    [
      "@{ a = @(1kb, 1.5GB, 10L, 0x10L, 0b101, 1e3, 1.5d, 5u, .5, +5, 007) }",
      { a: [1024, 1610612736, 10, 16, 5, 1000, 1.5, 5, 0.5, 5, 7] },
    ],
    ["@{ a = 60 * 30; b = 2 + 3 * 4 - 1; c = 7 % 4; d = @(5 -3) }", { a: 1800, b: 13, c: 3, d: [2] }],
    // Casts count.
    [
      "@{ a = [int]'5'; b = [string]5; c = [bool]1; d = [double] '1.5'; e = [string[]]@(1, 2); f = [array]'x'; g = [int]2.5 }",
      { a: 5, b: "5", c: true, d: 1.5, e: ["1", "2"], f: ["x"], g: 2 },
    ],
    [
      "@{ a = [version]'1.2'; b = [int]$env:N; c = [System.String] 'x' + 'y'; d = [switch]$true }",
      { a: "1.2", b: "{{$env:N}}", c: "xy", d: true },
    ],
    // Where the file is.
    [
      "@{ a = $PSScriptRoot; b = \"$PSScriptRoot/x\"; c = '$PSScriptRoot' }",
      { a: "/here", b: "/here/x", c: "$PSScriptRoot" },
    ],
    ['@{ a = @"\n${env:X} `$y "q" ``t`u{41} $(Get-Date)\n"@ }', { a: '{{$env:X}} $y "q" `tA $(Get-Date)' }],
    ["@{ a = @\u2018\nx\n\u2019@; b = @'\n'@ }", { a: "x", b: "" }],
    // Conditions are kept whole, whatever is in them.
    [
      "@{ a = $env:X -in 'a', 'b' ; b = @($env:X -eq 'c', 1) }",
      { a: "{{$env:X -in 'a', 'b'}}", b: ["{{$env:X -eq 'c', 1}}"] },
    ],
    [
      "@{ a = -not $env:CI # no\n b = !$x; c = 'x', 'y' -contains $env:Z }",
      { a: "{{-not $env:CI}}", b: "{{!$x}}", c: "{{'x', 'y' -contains $env:Z}}" },
    ],
    [
      "@{ a = $env:X -and\n ($env:Y -or $env:Z)\n b = $IsWindows }",
      { a: "{{$env:X -and\n ($env:Y -or $env:Z)}}", b: "{{$IsWindows}}" },
    ],
  ];
  for (const [text, value] of rows) {
    const result = parsePsd1(text, "/here");
    assert.ok(result.ok, `${text}: ${JSON.stringify(result)}`);
    assert.equal(JSON.stringify(result.value), JSON.stringify(value), text);
  }
});

test("code is not data: it is refused, and the message says where", () => {
  const rows: [text: string, line: number, col: number, message: RegExp][] = [
    ["@{\n  a = Get-Date\n}", 2, 7, /`Get-Date` is code/],
    ["@{ a = [datetime]::Now }", 1, 18, /a call is no data/],
    ["@{ a = $(Get-Date) }", 1, 8, /is code/],
    ["@{ a = 1", 1, 1, /never closed/],
    ["@{ s = @(\n @{ a = 1\n ) }", 3, 2, /`}` is missing: the `@\{` of line 2/],
    ["@{ s = @(\n @{ a = 1 ) }", 2, 11, /`}` is missing: the `@\{` of line 2/],
    ["@{ s = @(\n @{ a = 1\n @{ a = 2 } ) }", 3, 2, /`}` is missing: the `@\{` of line 2/],
    ["@{\n a = 'x\n}", 2, 6, /has no end/],
    ["@{ a = 1\n A = 2 }", 2, 2, /twice/],
    ["@{ a 1 }", 1, 6, /`=` is expected/],
    ["@{ a = 1 } extra", 1, 12, /more after the end/],
    ["", 1, 1, /ends too early/],
    ["@{ a = 'x', 'y' -join ',' }", 1, 17, /`-join` is code/],
    ["@{ a = '{0}' -f 'x' }", 1, 14, /`-f` is code/],
    ["@{\n a = [int]'x' }", 2, 6, /`x` is no number/],
    ["@{ a = 1 / 0 }", 1, 10, /cannot be reckoned/],
    ["@{ a = 12345678901234567890 }", 1, 8, /too long to be kept whole/],
    ["@{ a = \u2018x }", 1, 8, /has no end/],
    ['@{ a = "$PSScriptRoot" }', 1, 8, /in no file/],
    ["@{ a = 1..3 }", 1, 8, /is code/],
    ["@{ a = " + "@(".repeat(200), 1, 206, /nested deeper/],
  ];
  for (const [text, line, col, message] of rows) {
    const result = parsePsd1(text);
    assert.equal(result.ok, false, text);
    if (result.ok) continue;
    assert.match(result.message, message);
    assert.deepEqual([result.place.line, result.place.col], [line, col], text.slice(0, 40));
  }
});

test("every value and key has its place", () => {
  const text = "@{\n  Stages = @(\n    @{ Name = 'x' }\n  )\n}";
  const result = parsePsd1(text);
  assert.ok(result.ok);
  const at = (map: "values" | "keys", ...path: (string | number)[]) => {
    const span = result.places()[map].get(JSON.stringify(path));
    const place = span && placeAt(text, span.offset, span.length);
    return place && [place.line, place.col, place.endLine, place.endCol];
  };
  assert.deepEqual(at("values", "Stages", 0, "Name"), [3, 15, 3, 18]);
  assert.deepEqual(at("keys", "Stages", 0, "Name"), [3, 8, 3, 12]);
});

test("upstream's own 60 KB settings files parse", (t) => {
  if (!existsSync(config)) return t.skip("skipped: no shared data");
  for (const file of ["2025-11-06/config.psd1", "2025-11-13/config.linux.psd1"]) {
    const result = parsePsd1(readFileSync(join(config, file), "utf8"));
    assert.ok(result.ok, `${file}: ${JSON.stringify(!result.ok && result)}`);
    assert.ok(JSON.stringify(result.value).length > 1_000, file);
  }
});
