import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formsOf } from "./forms.ts";
import { MASK, Masker, type MaskStream } from "./masker.ts";

/** The naive way: every form, at every place, line by line; once as it is, once without escape sequences. */
function oracle(values: readonly string[], bytes: Buffer): Buffer {
  const masked = new Uint8Array(bytes.length);
  const forms = values.flatMap(formsOf);
  for (const line of linesOf(bytes)) {
    const raw = Array.from({ length: line.to - line.from }, (_, index) => line.from + index);
    for (const offsets of [raw, ...seenOf(bytes, raw)]) {
      const text = Buffer.from(offsets.map((offset) => bytes[offset]!));
      for (const form of forms) {
        for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
          for (let index = at; index < at + form.length; index += 1) masked[offsets[index]!] = 1;
        }
      }
    }
  }
  const shown: number[] = [];
  for (const [index, byte] of bytes.entries()) {
    if (masked[index] === 0) shown.push(byte);
    else if (index === 0 || masked[index - 1] === 0) shown.push(...Buffer.from(MASK));
  }
  return Buffer.from(shown);
}

function linesOf(bytes: Buffer): { from: number; to: number }[] {
  const lines: { from: number; to: number }[] = [];
  let from = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0x0a) continue;
    lines.push({ from, to: index });
    from = index + 1;
  }
  return [...lines, { from, to: bytes.length }];
}

/** Offsets of what is seen, in pieces between which too much is not seen. */
function seenOf(bytes: Buffer, line: readonly number[]): number[][] {
  const text = Buffer.from(line.map((offset) => bytes[offset]!)).toString("latin1");
  const escapes = /\x1b(\[[\x20-\x3f]*[\x40-\x7e]?|[\x20-\x2f]*(?!\[)[\x30-\x7e]?)/g;
  const pieces: number[][] = [[]];
  let hidden = 0;
  let index = 0;
  const see = (to: number): void => {
    if (index < to && hidden > 64) pieces.push([]);
    if (index < to) hidden = 0;
    for (; index < to; index += 1) pieces.at(-1)!.push(line[index]!);
  };
  for (const found of text.matchAll(escapes)) {
    see(found.index);
    hidden += found[0].length;
    index += found[0].length;
  }
  see(text.length);
  return pieces;
}

function masked(stream: MaskStream, chunks: readonly Buffer[], from = 0): Buffer {
  let end = from;
  const parts = chunks.map((chunk) => {
    const settled = stream.push(chunk);
    end += settled.length;
    return stream.render(settled, end);
  });
  const rest = stream.rest();
  return Buffer.concat([...parts, stream.render(rest, end + rest.length)]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)];
}

const value = fc.oneof(
  // Few letters, so that secrets overlap each other, themselves, and what stands around them.
  fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom("a", "b", "'", '"', "$", " ", "/", "+", "é", "\n", "\\"),
    minLength: 3,
    maxLength: 12,
  }),
  fc.string({ unit: "binary", minLength: 3, maxLength: 30 }),
);
const escape = fc.constantFrom("\x1b[31m", "\x1b[0;1m", "\x1b(B", "\x1b", "\x1b[", `\x1b[${"1;".repeat(40)}m`);

function output(values: readonly string[]): fc.Arbitrary<Buffer> {
  const forms = values.flatMap(formsOf);
  const piece = fc.oneof(
    fc.constantFrom(...values.map((one) => Buffer.from(one)), ...forms, Buffer.from("\n")),
    fc.tuple(fc.constantFrom(...values), fc.nat(12), escape).map(([one, at, code]) => {
      const where = at % (one.length + 1);
      return Buffer.from(one.slice(0, where) + code + one.slice(where));
    }),
    fc.tuple(fc.constantFrom(...values), fc.nat(12)).map(([one, length]) => Buffer.from(one.slice(0, length))),
    fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 4 }).map((text) => Buffer.from(text)),
    escape.map((code) => Buffer.from(code)),
    fc.uint8Array({ maxLength: 6 }).map((raw) => Buffer.from(raw)),
  );
  return fc.array(piece, { maxLength: 14 }).map((pieces) => Buffer.concat([...pieces, Buffer.from("\n")]));
}

const scene = fc
  .array(value, { minLength: 1, maxLength: 3 })
  .chain((values) => fc.record({ values: fc.constant(values), bytes: output(values) }));

test("however it is cut, what comes out is what the naive way gives", () => {
  fc.assert(
    fc.property(scene, fc.array(fc.nat(9), { maxLength: 40 }), ({ values, bytes }, sizes) => {
      const found = masked(new Masker(values).stream(0), cut(bytes, sizes));
      assert.equal(found.toString("latin1"), oracle(values, bytes).toString("latin1"));
    }),
    { numRuns: 3_000 },
  );
});

test("a reader that stops anywhere and comes back is shown the same, once", () => {
  fc.assert(
    fc.property(scene, fc.nat(200), ({ values, bytes }, place) => {
      const masker = new Masker(values);
      const at = place % (bytes.length + 1);
      const first = masker.stream(0);
      const all = Buffer.concat([first.push(bytes), first.rest()]);
      const before = first.render(all.subarray(0, at), at);
      const again = masker.stream(at, { before: bytes.subarray(Math.max(0, at - masker.reach), at), isCut: false });
      const after = masked(again, [bytes.subarray(at)], at);
      const whole = masked(masker.stream(0), [bytes]);
      assert.equal(Buffer.concat([before, after]).toString("latin1"), whole.toString("latin1"));
    }),
    { numRuns: 2_000 },
  );
});

test("held back is what really is the beginning of a secret, and nothing else", () => {
  const stream = new Masker(["hunter2"]).stream(0);
  const said = (text: string): string => stream.push(Buffer.from(text)).toString();
  assert.equal(said("Password: "), "Password: ");
  assert.equal(said("oh"), "o");
  assert.equal(said("unt"), "");
  assert.equal(said("ing\n"), "hunting\n");
  assert.equal(said("hunter2"), "hunter2", "settled as soon as it is whole; `render` masks it");
});

test("the beginning of a secret at the very end is masked, unless it says nothing", () => {
  const end = (text: string): string => masked(new Masker(["hunter2"]).stream(0), [Buffer.from(text)]).toString();
  assert.equal(end("it is hunt"), "it is ***");
  assert.equal(end("it is hun"), "it is hun");
});

test("what is left of a secret at the edges of a hole is masked", () => {
  const masker = new Masker(["hunter2-and-more"]);
  const stream = masker.stream(0);
  const head = stream.push(Buffer.from("it was hunter2"));
  const first = Buffer.concat([head, stream.rest()]);
  assert.equal(stream.render(first, 14).toString(), "it was ***");
  stream.cutTo(100);
  const rest = masked(stream, [Buffer.from("and-more or less")], 100);
  assert.equal(rest.toString(), "*** or less");
  const again = masker.stream(103, { before: Buffer.from("and"), isCut: true });
  assert.equal(masked(again, [Buffer.from("-more or less")], 103).toString(), " or less");
});

test("secrets side by side and over each other are one mask; all else is left as it is", () => {
  const masker = new Masker(["abcd", "cdef", "wxyz"]);
  assert.equal(masker.text("1 abcdef 2 abcdwxyz 3 abxcd"), "1 *** 2 *** 3 abxcd");
  const binary = Buffer.from([0, 255, 254, 0x61, 0x62, 0x63, 0x64, 0xc3, 0x28]);
  assert.deepEqual(masked(masker.stream(0), [binary]), Buffer.from([0, 255, 254, ...Buffer.from(MASK), 0xc3, 0x28]));
});

test("what common tools make of a secret is masked, too", () => {
  const secret = `p@ss "w'ord"/<é>`;
  const masker = new Masker([secret]);
  const forms = [
    JSON.stringify({ key: secret }),
    JSON.stringify(JSON.stringify({ key: secret })),
    `https://host/?q=${encodeURIComponent(secret)}&x`,
    `q=${new URLSearchParams({ x: secret }).toString().slice(2)}`,
    `'${secret.replaceAll("'", String.raw`'\''`)}'`,
    Buffer.from(secret).toString("hex"),
    "p@ss &quot;w&#39;ord&quot;/&lt;é&gt;",
    'p@ss \x1b[1m"w\'o\x1b[0mrd"/<é>',
  ];
  for (const form of forms) {
    const shown = masker.text(form);
    assert.ok(shown.includes(MASK), form);
    assert.doesNotMatch(shown, /ss .{0,8}w|7077|70407373|%22w/i, form);
  }
  for (const before of ["", "x", "xy", "xyz"]) {
    const shown = masker.text(Buffer.from(`${before}${secret}!`).toString("base64"));
    assert.match(shown, /^[\w+/]{0,4}\*\*\*[\w+/=]{0,4}$/, before);
  }
});

test("of a value of many lines each line is masked, and a long one also as base64 prints it in lines", () => {
  const key = `-----BEGIN KEY-----\n${"MIIEvQIBADANBg\n".repeat(6)}}\n-----END KEY-----\n`;
  const masker = new Masker([key]);
  assert.equal(masker.text(`key:\r\n${key.replaceAll("\n", "\r\n")}`), `key:\r\n${"***\r\n".repeat(7)}}\r\n***\r\n`);
  const wrapped = Buffer.from(key).toString("base64").replaceAll(/.{76}/g, "$&\n");
  assert.match(masker.text(wrapped), /^(\*\*\*\n)+(\*\*\*)?$/);
});

test("too short to be masked", () => {
  assert.ok(new Masker(["", "ab", " a \n"]).isEmpty);
  assert.equal(new Masker(["ab", "abc"]).text("ab abc"), "ab ***");
});

test("a document keeps what we say of ourselves; names and values that people chose are masked at any depth", () => {
  const masker = new Masker(["Failed", "topsecret"]);
  const document = {
    status: "Failed",
    number: 3,
    reason: "Failed with topsecret",
    outputs: { status: "Failed", topsecret: ["x topsecret"] },
  };
  assert.deepEqual(masker.document(document), {
    status: "Failed",
    number: 3,
    reason: "*** with ***",
    outputs: { status: "***", "***": ["x ***"] },
  });
});

test("a hundred megabytes a second, whatever is looked for", () => {
  const masker = new Masker(["hunter2hunter2hunter2", "a".repeat(500)]);
  const lines = Buffer.from(`${"2026-01-01 12:00:00 INFO compiled src/index.ts in 12 ms\n".repeat(20_000)}`);
  const hard = Buffer.from("a".repeat(499).concat("b").repeat(2_000));
  for (const bytes of [lines, hard]) {
    const stream = masker.stream(0);
    const begun = performance.now();
    stream.render(stream.push(bytes), bytes.length);
    const seconds = (performance.now() - begun) / 1_000;
    // Linear: a tenth of what it does here, so that a busy machine fails nothing.
    assert.ok(bytes.length / seconds > 10e6, `${Math.round(bytes.length / seconds / 1e6)} MB/s`);
  }
});
