import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnostic } from "@aither/protocol";
import { printDiagnostic } from "./print.ts";

const diagnostic: Diagnostic = {
  severity: "error",
  code: "wrong-type",
  message: "`timeout` must be a number",
  file: "playbooks/x.yaml",
  line: 2,
  col: 12,
  endLine: 2,
  endCol: 16,
  fix: "write a number",
};

test("a diagnostic with its line, a squiggle and the mend", () => {
  assert.deepEqual(printDiagnostic(diagnostic, "a:\n  timeout: soon\n"), [
    "playbooks/x.yaml:2:12: error[wrong-type]: `timeout` must be a number",
    "  2 |   timeout: soon",
    "    |            ~~~~",
    "  = write a number",
  ]);
});

test("without the text, without a place, without a mend", () => {
  assert.deepEqual(printDiagnostic({ ...diagnostic, fix: null }, null), [
    "playbooks/x.yaml:2:12: error[wrong-type]: `timeout` must be a number",
  ]);
  const bare = { ...diagnostic, file: null, line: null, col: null, fix: null };
  assert.deepEqual(printDiagnostic(bare, "x"), ["error[wrong-type]: `timeout` must be a number"]);
});

test("parts are painted; a place that ends on another line is marked to the end of its own", () => {
  const painted = printDiagnostic(
    { ...diagnostic, col: 3, endLine: 3 },
    "a:\n  timeout: soon\nb",
    (part, text) => `<${part}>${text}`,
  );
  assert.deepEqual(painted[2], `    |   <error>${"~".repeat(13)}`);
  assert.ok(painted[3]?.startsWith("  = <fix>"));
});

test("the squiggle stands under its words whatever is before them: wide letters, tabs, a mark at the beginning", () => {
  const squiggle = (text: string, col: number, endCol: number): string =>
    printDiagnostic({ ...diagnostic, line: 1, endLine: 1, col, endCol }, text)[2]!;
  assert.equal(squiggle("a: ✅ 日本 x", 6, 8), `    | ${" ".repeat(6)}~~~~`);
  assert.equal(squiggle("a: ✅ 日本 x", 9, 10), `    | ${" ".repeat(11)}~`);
  assert.equal(squiggle("\uFEFF\ta: x", 5, 6), "    |     ~");
  assert.equal(squiggle("e\u0301: x", 5, 6), "    |    ~");
});
