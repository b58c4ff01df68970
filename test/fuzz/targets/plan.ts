/** From a playbook to a plan: selectors, matrices, decisions, sizes, times, and whole playbooks. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { compile, expandMatrix, indexScripts, isoTime, nearest, parseTime, select, spanText } from "@aither/core";
import { readPlaybook } from "@aither/playbook";
import { bytesOfSize, logLimitOf, type Json, type ScriptEntry } from "@aither/protocol";
import { oddValue } from "../lib/schema.ts";
import { stable, target, type Target } from "../lib/target.ts";
import { sentences } from "../lib/text.ts";
import { generatedPlaybook, mistakenPlaybook } from "./playbook.ts";

const files = [
  "0001_Prepare.sh",
  "0402_Run-UnitTests.ps1",
  "0402_Other.sh",
  "0404_Analyse.sh",
  "0410_Slow.py",
  "0500_Build.sh",
];
const scripts: readonly ScriptEntry[] = files.map((file, at) => ({
  number: file.slice(0, 4),
  name: file.replace(/\.\w+$/, ""),
  path: `/w/automation-scripts/${file}`,
  stage: at % 2 === 0 ? "Testing" : "Unit Tests",
  description: "",
  dependencies: [],
  tags: ["unit", "two words"].slice(0, at),
  condition: null,
  allowParallel: null,
  parameters: [{ name: "Path", type: at % 2 === 0 ? "string" : "switch", mandatory: at === 1, values: ["a"] }],
}));
const index = indexScripts(scripts);

const selectorWords = [
  "0402",
  "402",
  "0400-0499",
  "0499-0400",
  "04*",
  "4*",
  "*",
  "**",
  "!",
  "!0402",
  "stage:",
  "Testing",
  "Unit Tests",
  "tag:unit",
  "tag: two words",
  ",",
  " ",
  " - ",
  "0402_Run-UnitTests",
  "0402_Run-UnitTests.ps1",
  "./automation-scripts/",
  "\\",
  "/",
  "9999",
  "04020",
  "a",
];

const matrixKey = fc.constantFrom("os", "node", "a", "include", "exclude", "__proto__", "");
const cell = fc.oneof(
  fc.constantFrom<Json>("linux", "windows", 1, 1.5, true, null, "", [], {}, { a: 1 }, [1, 2], "a, b", "a=b"),
  oddValue as fc.Arbitrary<Json>,
);
const matrix = fc.dictionary(
  matrixKey,
  fc.oneof(
    { weight: 5, arbitrary: fc.array(cell, { maxLength: 5 }) },
    {
      weight: 2,
      arbitrary: fc.array(fc.dictionary(matrixKey, cell, { maxKeys: 3 }), { maxLength: 3 }) as fc.Arbitrary<Json[]>,
    },
    { weight: 1, arbitrary: cell },
    {
      weight: 1,
      arbitrary: fc.constantFrom(1_000, 40_000).map((count) => Array.from({ length: count }, (_, at) => at)),
    },
  ) as fc.Arbitrary<Json>,
  { maxKeys: 4 },
);

function expanded(value: Readonly<Record<string, Json>>): void {
  const result = stable(() => expandMatrix(value));
  if (!result.ok) return assert.ok(result.message.length > 0 && result.message.length < 5_000);
  assert.ok(result.legs.length <= 256);
  assert.equal(new Set(result.legs.map(({ name }) => name)).size, result.legs.length, "two legs have one name");
  JSON.stringify(result);
}

function planned(
  { file, text }: { file: string | null; text: string },
  variables: Record<string, Json>,
  profile: string | null,
): void {
  const read = readPlaybook(text, file);
  if (!read.ok) return;
  const plan = (): unknown =>
    compile({
      playbook: read.playbook,
      format: read.format,
      file,
      digest: "0",
      workspace: "/w",
      scripts: index,
      request: { variables, profile, assume: undefined, timeoutMs: null },
      around: { env: { CI: "1" }, platform: "linux" },
      resolveFile: (path) => (path.startsWith("tools/") ? `/w/${path}` : null),
      folder: (path) => (path === null ? "/w" : `/w/${path}`),
    });
  const compiled = stable(plan) as ReturnType<typeof compile>;
  for (const { code, message } of compiled.findings) {
    assert.match(code, /^[a-z\d-]+$/);
    assert.ok(message !== "" && !/stack size|not a function|undefined \(/i.test(message), message);
  }
  assert.deepEqual(
    JSON.parse(JSON.stringify(compiled.plan)),
    JSON.parse(JSON.stringify(JSON.parse(JSON.stringify(compiled.plan)))),
  );
  const keys = compiled.plan.stages.flatMap(({ legs }) =>
    (legs ?? []).flatMap((leg) => leg.scripts.map(({ key }) => key)),
  );
  assert.equal(new Set(keys).size, keys.length, "two scripts have one key");
}

const sizeText = sentences([
  "1",
  "50",
  "MB",
  "mib",
  "GiB",
  ".",
  "5",
  " ",
  "-",
  "e3",
  "kb",
  "b",
  "none",
  "9".repeat(400),
]);

export const planTargets: readonly Target[] = [
  target("plan/select", {
    covers: ["select", "indexScripts"],
    share: 8,
    arbitrary: sentences(selectorWords),
    property: (text) => {
      const { scripts: found, missing, unknown, ambiguous } = stable(() => select(text, index));
      assert.equal(new Set(found).size, found.length);
      for (const part of [...missing, ...unknown, ...ambiguous.map((one) => one.part)])
        assert.equal(typeof part, "string");
    },
  }),
  target("plan/matrix", { covers: ["expandMatrix"], share: 4, arbitrary: matrix, property: expanded }),
  target("plan/compile", {
    covers: ["compile"],
    share: 2,
    arbitrary: fc.tuple(
      fc.oneof({ weight: 2, arbitrary: generatedPlaybook }, { weight: 1, arbitrary: mistakenPlaybook }),
      fc.dictionary(fc.constantFrom("x", "a", "name", "X", "__proto__"), cell, { maxKeys: 2 }),
      fc.constantFrom<string | null>(null, null, null, "a", "quick", "__proto__"),
    ),
    property: ([document, variables, profile]) => planned(document, variables, profile),
  }),
  target("plan/size", {
    covers: ["bytesOfSize", "logLimitOf"],
    share: 90,
    arbitrary: fc.oneof(
      sizeText,
      fc.dictionary(fc.constantFrom("head", "tail", "x", "__proto__"), fc.oneof(sizeText, oddValue), { maxKeys: 3 }),
      oddValue,
    ),
    property: (value) => {
      const bytes = stable(() => bytesOfSize(value));
      assert.ok(bytes === null || (Number.isSafeInteger(bytes) && bytes >= 0), `${bytes} is no number of bytes`);
      const limit = stable(() => logLimitOf(value));
      if (limit === null || typeof limit === "string") return;
      assert.ok(Number.isSafeInteger(limit.head) && limit.head >= 0 && Number.isSafeInteger(limit.tail));
      assert.ok(limit.tail >= 250_000, `a tail of ${limit.tail}`);
    },
  }),
  target("plan/time", {
    covers: ["isoTime", "parseTime", "spanText"],
    share: 100,
    arbitrary: fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) }),
    property: (ms) => {
      assert.equal(isoTime(ms), new Date(ms).toISOString());
      assert.equal(parseTime(isoTime(ms)), ms);
      assert.equal(typeof spanText(Math.abs(ms)), "string");
    },
  }),
  target("plan/nearest", {
    covers: ["nearest"],
    share: 30,
    arbitrary: fc.tuple(sentences(selectorWords), fc.array(fc.string({ maxLength: 12 }), { maxLength: 5 })),
    property: ([word, candidates]) => {
      const found = stable(() => nearest(word, candidates));
      assert.ok(found === null || candidates.includes(found));
    },
  }),
];
