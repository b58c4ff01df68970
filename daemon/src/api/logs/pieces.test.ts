import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.ts";
import { LineCutter, piecePrinter, type Piece } from "./pieces.ts";

const bytes = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 50 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 20 }).map((raw) => Buffer.from(raw)),
  fc.constant(Buffer.from("\n")),
  fc.constant(Buffer.from("😀".repeat(20_000))),
);

function all(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map((piece) => piece.bytes));
}

test("bytes in are bytes out, with true offsets, however they come", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 12 }), fc.nat(1_000_000), fc.boolean(), (chunks, from, isImpatient) => {
      const cutter = new LineCutter(from);
      const pieces = chunks.flatMap((chunk) => [...cutter.push(chunk), ...(isImpatient ? cutter.flush(false) : [])]);
      pieces.push(...cutter.flush(true));
      assert.ok(all(pieces).equals(Buffer.concat(chunks)));
      let offset = from;
      for (const piece of pieces) {
        assert.equal(piece.end, (offset += piece.bytes.length));
        assert.ok(piece.bytes.length > 0 && piece.bytes.length <= limits.logPieceBytesMax);
        // A newline ends its piece.
        const newline = piece.bytes.indexOf(0x0a);
        assert.ok(newline === -1 || newline === piece.bytes.length - 1);
      }
    }),
    { numRuns: 300 },
  );
});

test("no character is cut in two", () => {
  const text = "aé€😀".repeat(30_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (step) => {
      const cutter = new LineCutter(0);
      const whole = Buffer.from(text);
      const pieces: Piece[] = [];
      for (let at = 0; at < whole.length; at += step)
        pieces.push(...cutter.push(whole.subarray(at, at + step)), ...cutter.flush(false));
      assert.equal(pieces.map((piece) => piece.bytes.toString("utf8")).join(""), text);
    }),
    { numRuns: 30, examples: [[65_536], [65_537], [3]] },
  );
});

test("what is printed is NDJSON that gives the bytes back", () => {
  const raw = Buffer.concat([Buffer.from('a "quoted" \\ line\n\u0000\u2028\n'), Buffer.from([0xc3, 0x28, 0x0a])]);
  const print = piecePrinter({ script: 'a"b', attempt: 2, stream: "err" });
  const lines = print(new LineCutter(10).push(raw), (end) => (end > 30 ? null : end))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines, [
    {
      script: 'a"b',
      attempt: 2,
      stream: "err",
      time: "1970-01-01T00:00:00.028Z",
      offset: 28,
      text: 'a "quoted" \\ line\n',
    },
    { script: 'a"b', attempt: 2, stream: "err", time: null, offset: 33, text: "\u0000\u2028\n" },
    { script: 'a"b', attempt: 2, stream: "err", time: null, offset: 36, base64: "wygK" },
  ]);
});
