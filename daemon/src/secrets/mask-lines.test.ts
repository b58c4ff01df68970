import assert from "node:assert/strict";
import { test } from "node:test";
import { MaskLines } from "./mask-lines.ts";

/** All parts, however the text is cut: bytes by what they are, and the values named. */
function read(pieces: readonly string[], isFresh = true): { text: string; lines: string[]; named: (string | null)[] } {
  const reader = new MaskLines(isFresh);
  const parts = [...pieces.flatMap((piece) => reader.push(Buffer.from(piece))), ...reader.rest()];
  const commands = parts.filter(({ mask }) => mask !== null);
  return {
    text: Buffer.concat(parts.map(({ bytes }) => bytes)).toString(),
    lines: commands.map(({ bytes }) => bytes.toString()),
    named: commands.map(({ mask }) => mask),
  };
}

const rows: readonly [text: string, named: readonly string[]][] = [
  ["", []],
  ["::add-mask::abc\n", ["abc"]],
  ["::add-mask::abc", ["abc"]],
  ["x::\n::Add-MASK::aBc\n", ["aBc"]],
  ["one\n::add-mask::a b c\r\ntwo\n", ["a b c"]],
  ["one\n \t::add-mask::abc\n::add-mask::def\n", ["abc", "def"]],
  ["::add-mask::\n", [""]],
  ["::add-mask::a%0Ab%25%0D\n", ["a\nb%\r"]],
  // No command: not at the beginning of its line, another word, or not whole.
  ["so ::add-mask::abc\n", []],
  ["::add-mask:abc\n::add_mask::abc\n::add-masks::abc\n", []],
  ["::add-mask:", []],
  ["  \n\n ::", []],
];

test("commands are found, and nothing is lost, wherever the text is cut", () => {
  for (const [text, named] of rows) {
    const whole = read([text]);
    assert.deepEqual([whole.text, whole.named], [text, named], JSON.stringify(text));
    assert.ok(whole.lines.every((line) => /^::add-mask::/i.test(line)));
    assert.deepEqual(read(Array.from(text)), whole, `${JSON.stringify(text)}, byte by byte`);
    for (let at = 0; at <= text.length; at += 1) {
      assert.deepEqual(read([text.slice(0, at), text.slice(at)]), whole, `${JSON.stringify(text)} at ${at}`);
    }
  }
});

test("in the middle of a line there is none; the next line is as good as any", () => {
  assert.deepEqual(read(["::add-mask::abc\n::add-mask::def\n"], false).named, ["def"]);
});

test("what may be a command is held; what cannot become one is not", () => {
  const reader = new MaskLines(true);
  const shown = (text: string): string =>
    Buffer.concat(reader.push(Buffer.from(text)).map(({ bytes }) => bytes)).toString();
  assert.equal(shown("a:\n::add-"), "a:\n");
  assert.equal(shown("x"), "::add-x");
  assert.equal(shown("\n  ::add-mask::se"), "\n  ");
  assert.equal(shown("cret\nafter"), "::add-mask::secret\nafter");
  // Nobody waits for the end of a line without one.
  assert.equal(shown(`\n::add-mask::${"x".repeat(70_000)}`).length, 70_013);
});

test("a long text without commands takes no time", () => {
  const reader = new MaskLines(true);
  const startedAt = performance.now();
  for (const text of [":\n".repeat(2_000_000), "::add-\n".repeat(500_000)]) {
    const bytes = Buffer.from(text);
    for (let round = 0; round < 10; round += 1) assert.equal(reader.push(bytes).length, 1);
  }
  assert.ok(performance.now() - startedAt < 5_000);
});
