import assert from "node:assert/strict";
import { test } from "node:test";
import { readScriptHeader } from "./script-header.ts";

test("the comments of many languages, and what their authors do in them", () => {
  const rows: [text: string, stage: string, tags: string[], dependencies?: string[]][] = [
    ["\uFEFF#Requires -Version 7.0\r\n# Stage: T\r\n# Tags: a, b\r\nparam()\r\n", "T", ["a", "b"]],
    ["# Stage: T\r# Tags: a\r", "T", ["a"]],
    ["<# Stage: T #>\n# Tags: a\n", "T", ["a"]],
    ["<#\n.NOTES\n  Stage: T\n  Tags: a\n.SYNOPSIS\n  S\n#>", "T", ["a"]],
    ['#!/usr/bin/env python3\n"""Stage: T"""\n# Tags: a\n', "T", ["a"]],
    ["r'''\nStage: T\nTags: a\n'''\nimport os\n", "T", ["a"]],
    ["/**\n * Stage: T\n * Tags: a\n */\n", "T", ["a"]],
    ["@echo off\n@REM Stage: T\n@rem Tags: a\n", "T", ["a"]],
    ["#!/bin/sh\nset -eu\n#Stage:T\n#Tags:a\n", "T", ["a"]],
    // Lists that go on in the next line.
    ["# Stage: T\n# Dependencies: 0400,\n#   0402\n# Tags: a,\n#       b\n", "T", ["a", "b"], ["0400", "0402"]],
    ["<#\n.NOTES\n Dependencies:\n  - 0400\n  - 0402\n Tags:\n  - a\n Stage: T\n#>", "T", ["a"], ["0400", "0402"]],
    ["# Stage: T\n# Dependencies: 0400 0402\n# Tags: two words\n", "T", ["two words"], ["0400", "0402"]],
    ["# Stage: T\n# Dependencies: None\n# Tags:\n# Description: D\n", "T", []],
  ];
  for (const [text, stage, tags, dependencies = []] of rows) {
    const header = readScriptHeader(text, true);
    assert.deepEqual([header.stage, header.tags, header.dependencies], [stage, tags, dependencies], text);
  }
});

test("a section of the help ends at the next one, whatever its case", () => {
  assert.equal(readScriptHeader("<#\n.synopsis\n one\n two\n.notes\n Stage: T\n#>", true).description, "one two");
});

test("parameters with what people put between the brackets", () => {
  const text = `param(
    [Parameter(HelpMessage = 'Mandatory, (really)')] [ string ] $A = ")",
    [Parameter(Mandatory)] [ValidateSet('it''s', "b", 3, IgnoreCase = $true)] $B,
    [String []] $C = @('a', 'b'), <# [string]$No, #>
    [ValidateScript({ Test-Path $_ })] [System.IO.FileInfo] $D
  )`;
  assert.deepEqual(readScriptHeader(text, true).parameters, [
    { name: "A", type: "string", mandatory: false, values: [] },
    { name: "B", type: "object", mandatory: true, values: ["it's", "b", "3"] },
    { name: "C", type: "string[]", mandatory: false, values: [] },
    { name: "D", type: "system.io.fileinfo", mandatory: false, values: [] },
  ]);
});
