import assert from "node:assert/strict";
import { test } from "node:test";
import { Input } from "./input.ts";
import { variablesOf } from "./start.ts";

const input = (values: Record<string, string | readonly string[]>): Input => new Input("x", [], values);

test("times are read with their unit, seconds by default; anything else is refused", () => {
  for (const [text, ms] of [
    ["90", 90_000],
    ["1.5s", 1_500],
    ["200ms", 200],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["30d", 2_592_000_000],
  ] as const) {
    assert.equal(input({ t: text }).timeMs("t"), ms);
  }
  for (const text of ["", "soon", "-1", "1w", "1 m"])
    assert.throws(() => input({ t: text }).timeMs("t"), /--t wants a time/);
});

test("counts are whole numbers", () => {
  assert.equal(input({ n: "0" }).count("n"), 0);
  for (const text of ["", "-1", "1.5", "x"]) assert.throws(() => input({ n: text }).count("n"), /whole number/);
});

test("variables keep their text unless they are plainly something else", () => {
  const given = [
    "a=1",
    "b=-7",
    "c=true",
    "d=0402",
    "e=1.10",
    "f=",
    "g=x=y",
    'h=[1,"2"]',
    "i={bad",
    "j=12345678901234567890",
    "k=null",
  ];
  assert.deepEqual(variablesOf(input({ var: given })), {
    a: 1,
    b: -7,
    c: true,
    d: "0402",
    e: "1.10",
    f: "",
    g: "x=y",
    h: [1, "2"],
    i: "{bad",
    j: "12345678901234567890",
    k: "null",
  });
  for (const text of ["who", "=x"]) assert.throws(() => variablesOf(input({ var: [text] })), /no value/);
});

test("no time is longer than anybody can wait", () => {
  for (const text of ["9".repeat(400), "10001d"]) assert.throws(() => input({ t: text }).timeMs("t"), /at most/);
});
