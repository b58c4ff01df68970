/** Playbooks: text of any syntax and format to one model, its places, its schema, and back to text. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  HEADER_BYTES,
  parsePsd1,
  pointAt,
  printDiagnostic,
  readPlaybook,
  readScriptHeader,
  writePlaybook,
  type ReadPlaybook,
} from "@aither/playbook";
import { createPlaybookValidator } from "@aither/playbook/validate";
import { playbookSchema } from "@aither/protocol/contracts";
import type { Diagnostic } from "@aither/protocol";
import { readParameters } from "../../../packages/playbook/src/powershell-parameters.ts";
import { pathText } from "../../../packages/playbook/src/finding.ts";
import { walkJson } from "../../../packages/playbook/src/json-places.ts";
import { root } from "../../../scripts/lib/root.ts";
import { playbooks, psd1Texts, scriptTexts, type Document } from "../lib/corpus.ts";
import { hostileValue, valueOf, type Schema, type TextOf } from "../lib/schema.ts";
import { stable, target, type Target } from "../lib/target.ts";
import { mutated, sentences } from "../lib/text.ts";
import { playbookWords as words, psd1Words, scriptWords } from "./playbook-words.ts";
import { expressionText } from "./words.ts";

const fileName = fc.constantFrom<string | null>(
  null,
  "a.json",
  "a.yaml",
  "a.yml",
  "a.psd1",
  "A.PSD1",
  "folder/a.JSON",
  "a",
  "a.txt",
);

const isSyntax = (file: string | null): RegExp =>
  /psd1$/i.test(file ?? "") ? /psd1$/ : /json$/i.test(file ?? "") ? /json$/ : /ya?ml$|json$/;

/** A real playbook with mistakes, mostly under the name of its own syntax. */
export const mistakenPlaybook: fc.Arbitrary<Document> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...playbooks)
      .chain(({ file, text }) => mutated([text], words).map((one) => ({ file, text: one }))),
  },
  { weight: 3, arbitrary: fc.record({ file: fileName, text: sentences(words) }) as fc.Arbitrary<Document> },
  {
    weight: 1,
    arbitrary: fc.record({
      file: fileName,
      text: mutated(
        playbooks.map(({ text }) => text),
        words,
      ),
    }) as fc.Arbitrary<Document>,
  },
);

/** Texts of playbooks by what the field holds. */
const textOf: TextOf = (field) => {
  switch (field) {
    case "if":
    case "message":
      return expressionText;
    case "run":
      return fc.constantFrom(
        "0402",
        "0400-0499",
        "tag:unit",
        "!0410",
        "04*",
        "0402,0404",
        "{{which}}",
        "nonsense here",
      );
    case "uses":
      return fc.constantFrom("playbook:other", "playbook:{{x}}", "actions/checkout@v4", "./x", "");
    case "needs":
    case "after":
    case "stages":
      return fc.constantFrom("a", "b", "build", "test", "name", "nobody");
    case "on":
    case "when":
      return fc.constantFrom("always", "success", "failure", "complete", "sometimes");
    case "logLimit":
    case "head":
    case "tail":
      return fc.constantFrom("50MB", "1 GiB", "none", "-1", "much");
    case "paths":
    case "inputs":
    case "outputs":
      return fc.constantFrom("dist/**", "*.txt", "!x", "[z-a]", "../up", "{a,b}");
    case "name":
    case "description":
      return fc.oneof(
        fc.constantFrom("a", "Build it", "0402", "yes", "2026-01-01", "x: y", "- x", "#x", "é", "1e3", "~", "null"),
        fc.string({ maxLength: 10 }),
      );
    default:
      return fc.oneof(
        fc.constantFrom("a", "sh", "{{x}}", "{{x:=1}}", "${{ matrix.os }}", "$env:CI", "0402", " x ", "a\nb\n", "'"),
        fc.string({ maxLength: 12 }),
      );
  }
};
const schema = playbookSchema as unknown as Schema;
const generated = valueOf(schema, textOf);
export const generatedPlaybook: fc.Arbitrary<Document> = generated.map((value) => ({
  file: "a.json",
  text: JSON.stringify(value),
}));
const nearly = valueOf(schema, textOf, 4);

function read({ file, text }: { readonly file: string | null; readonly text: string }): ReadPlaybook {
  const once = readPlaybook(text, file);
  const again = readPlaybook(text, file);
  const plain = ({ source: _source, ...rest }: ReadPlaybook): unknown => ({ ...rest, pathOf: null });
  assert.deepEqual(plain(again), plain(once));
  return once;
}

/** Each place lies in the text, and what is printed of it is no surprise. */
async function pointed(result: ReadPlaybook): Promise<void> {
  const { findings, source } = result;
  if (!result.ok)
    assert.ok(
      findings.some(({ severity }) => severity === "error"),
      "refused without an error",
    );
  const diagnostics = await pointAt(findings, source);
  assert.equal(diagnostics.length, Math.min(findings.length, 100));
  for (const one of diagnostics) {
    liesIn(one, source.text);
    assert.match(one.code, /^[a-z\d-]+$/);
    assert.ok(one.message.length > 0 && one.message.length < 5_000, `a message of ${one.message.length} characters`);
    for (const line of printDiagnostic(one, source.text)) assert.equal(typeof line, "string");
  }
  for (const finding of findings) assert.equal(typeof pathText(finding.path), "string");
}

function liesIn({ line, col, endLine, endCol, message }: Diagnostic, text: string): void {
  // Whether a lone carriage return ends a line is asked of each syntax; then the columns are not compared.
  const isOdd = /\r(?!\n)|\u2028|\u2029/.test(text);
  const lines = text.split(isOdd ? /\r\n?|\n|\u2028|\u2029/ : "\n");
  const where = `${line}:${col}-${endLine}:${endCol} of ${lines.length} lines: ${message}`;
  assert.ok(line !== null && col !== null && endLine !== null && endCol !== null, `half a place: ${where}`);
  assert.ok(line >= 1 && col >= 1 && line <= Math.max(1, lines.length), where);
  assert.ok(isOdd || col <= (lines[line - 1]?.length ?? 0) + 1, where);
  assert.ok(endLine > line || (endLine === line && endCol >= col), where);
  assert.ok(endLine <= lines.length + 1, where);
}

const validate = createPlaybookValidator(
  JSON.parse(readFileSync(join(root, "schemas/playbook.json"), "utf8")) as object,
);

/** What was read is a playbook by the schema, and reading what is written of it gives it again. */
function roundTrip(result: ReadPlaybook): void {
  if (!result.ok) return;
  const model = JSON.parse(JSON.stringify(result.playbook)) as Record<string, unknown>;
  for (const syntax of ["yaml", "json"] as const) {
    const text = writePlaybook(result.playbook, syntax);
    const again = readPlaybook(text, `${result.playbook.metadata.name}.${syntax}`);
    assert.ok(again.ok, `what was written is refused: ${JSON.stringify(again.findings)}\n${text}`);
    const { $schema: _schema, ...kept } = model;
    assert.deepEqual(withoutShell(again.playbook), withoutShell({ ...kept, apiVersion: "aither/v1" }));
    const third = readPlaybook(writePlaybook(again.playbook, syntax), `x.${syntax}`);
    assert.ok(third.ok);
    assert.equal(writePlaybook(third.playbook, syntax), writePlaybook(again.playbook, syntax));
  }
}

/** A v3 file that asks for a version of PowerShell has it as its default; of older formats each inline text says so itself. */
function withoutShell(playbook: object): unknown {
  const model = JSON.parse(JSON.stringify(playbook)) as { orchestration: { defaults?: Record<string, unknown> } };
  const { defaults } = model.orchestration;
  if (defaults !== undefined) delete defaults["shell"];
  if (defaults !== undefined && Object.keys(defaults).length === 0) delete model.orchestration.defaults;
  return model;
}

export const playbookTargets: readonly Target[] = [
  target("playbook/read", {
    covers: ["readPlaybook", "pointAt", "printDiagnostic", "pathText"],
    share: 6,
    arbitrary: mistakenPlaybook,
    property: async (document) => pointed(read(document)),
  }),
  target("playbook/hostile-values", {
    covers: ["readPlaybook", "createPlaybookValidator"],
    share: 2,
    arbitrary: fc.oneof(nearly, hostileValue),
    property: async (value) => {
      const text = JSON.stringify(value) ?? "";
      await pointed(read({ file: "a.json", text }));
      for (const { path, message } of stable(() => validate(value))) assert.ok(Array.isArray(path) && message !== "");
    },
  }),
  target("playbook/convert", {
    covers: ["readPlaybook", "writePlaybook"],
    share: 1.5,
    arbitrary: fc.oneof(
      { weight: 3, arbitrary: generatedPlaybook },
      { weight: 1, arbitrary: mistakenPlaybook.filter(({ file }) => isSyntax(file).test(file ?? "")) },
    ),
    property: (document) => roundTrip(readPlaybook(document.text, document.file)),
  }),
  target("playbook/psd1", {
    covers: ["parsePsd1"],
    share: 8,
    arbitrary: fc.oneof(
      sentences(psd1Words, [
        ["@{a=", "}"],
        ["@(", ")"],
        ["(", ")"],
        ["{", "}"],
        ['"$(', ')"'],
        ["[x]", ""],
      ]),
      mutated(psd1Texts, psd1Words),
    ),
    property: (text) => {
      const result = stable(() => {
        const read = parsePsd1(text);
        return read.ok ? { ...read, places: read.places() } : read;
      });
      if (result.ok) {
        JSON.stringify(result.value);
        const { values, keys } = result.places;
        for (const { offset, length } of [...values.values(), ...keys.values()])
          assert.ok(offset >= 0 && length >= 1 && offset + length <= text.length + 1);
      } else {
        const { line, col, endLine, endCol } = result.place;
        liesIn({ line, col, endLine, endCol, message: result.message } as Diagnostic, text);
      }
    },
  }),
  target("playbook/json-places", {
    covers: ["walkJson"],
    share: 6,
    arbitrary: fc.oneof(
      mutated(
        playbooks
          .filter(({ file }) => file.endsWith("json"))
          .map(({ text }) => text)
          .concat('{"a": [1, "b\\n", {"c": null}]}'),
        words,
      ),
      sentences(["{", "}", "[", "]", ":", ",", '"a"', '"', "\\u12", "1", "-", "0.5e3", "tru", "null", "\n"]),
    ),
    property: (text) => {
      const walk = stable(() => walkJson(text, null));
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      if (isJson && !/^[^"]*(?:[[{]\s*){150}/.test(text)) assert.notEqual(walk.is, "wrong", "JSON is said to be none");
      if (walk.is === "wrong") liesIn({ ...walk.place, message: walk.message } as unknown as Diagnostic, text);
    },
  }),
  target("playbook/script-header", {
    covers: ["readScriptHeader", "readParameters"],
    share: 10,
    arbitrary: fc.tuple(fc.oneof(sentences(scriptWords), mutated(scriptTexts, scriptWords)), fc.boolean()),
    property: ([text, isPowerShell]) => {
      const read = text.slice(0, HEADER_BYTES);
      const header = stable(() => readScriptHeader(read, isPowerShell));
      JSON.stringify(header);
      assert.ok([header.stage, header.description, ...header.tags].every((one) => typeof one === "string"));
      for (const { name } of readParameters(read)) assert.match(name, /^\w+$/);
    },
  }),
];
