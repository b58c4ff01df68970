import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSecrets } from "./secrets.ts";

test("NAME=VALUE lines, with comments, quotes and values of many lines", () => {
  const text = [
    "\uFEFF# all of them",
    "PLAIN=a b # c  ",
    "  export SPACED = x",
    "EMPTY=",
    String.raw`DOUBLE="a \"b\"\n\\ $HOME" # why`,
    "SINGLE='a \\n #'",
    'KEY="-----BEGIN',
    "abc",
    '-----END"',
    "",
  ].join("\r\n");
  assert.deepEqual(parseSecrets(text, "f"), {
    PLAIN: "a b # c",
    SPACED: "x",
    EMPTY: "",
    DOUBLE: 'a "b"\n\\ $HOME',
    SINGLE: "a \\n #",
    KEY: "-----BEGIN\nabc\n-----END",
  });
});

test("what is wrong is said with its place, and without a value", () => {
  for (const [text, said] of [
    ["A=1\n  hunter2", "f:2:3: no NAME=VALUE"],
    ["A-B=hunter2", "f:1:1: no NAME=VALUE"],
    ["A=1\nB='hunter2\nmore", "f:2:1: the ' of B has no end"],
    ["A='hunter2' hunter2", "f:1:1: something stands behind the value of A"],
  ] as const) {
    assert.throws(
      () => parseSecrets(text, "f"),
      (error: Error) => error.message.startsWith(said) && !error.message.includes("hunter2"),
      text,
    );
  }
});
