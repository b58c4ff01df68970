/** Texts that look like something: words of a language put together, repeated, nested, and real texts with mistakes. */
import fc from "fast-check";

/** Longest text that is made. Beyond it a parser that is not linear needs seconds, which is what is looked for. */
const BLOWN_UP_LENGTH_MAX = 60_000;
const NESTED_MAX = 20_000;

/** What breaks readers of text whatever their language is. */
const nasty = fc.constantFrom(
  "",
  "\0",
  "\n",
  "\r\n",
  "\r",
  "\t",
  " ",
  "\uFEFF",
  "\u2028",
  "\u00A0",
  "\u0130",
  "ß",
  "é",
  "e\u0301",
  "\uD800",
  "💥",
  "\x1b[31m",
  "'",
  '"',
  "`",
  "\\",
  "/",
  "//",
  "..",
  "$",
  "${",
  "{{",
  "}}",
  "%",
  "%2F",
  "%zz",
  "<",
  ">",
  "&",
  ";",
  "|",
  "*",
  "?",
  "!",
  "#",
  ":",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "prototype",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-0",
  "1e999",
  "0x10",
  "007",
  "9007199254740993",
  "true",
  "false",
);

/** One word: of the language, of no language, or any text. */
function wordOf(vocabulary: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...vocabulary) },
    { weight: 2, arbitrary: nasty },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  );
}

type Brackets = readonly (readonly [open: string, close: string])[];

const usualBrackets: Brackets = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
];

/** Sentences of a language's words, also very long and very deep ones. */
export function sentences(vocabulary: readonly string[], brackets: Brackets = usualBrackets): fc.Arbitrary<string> {
  const word = wordOf(vocabulary);
  const sentence = fc.array(word, { maxLength: 24 }).map((words) => words.join(""));
  const spaced = fc.array(word, { maxLength: 16 }).map((words) => words.join(" "));
  return fc.oneof(
    { weight: 60, arbitrary: sentence },
    { weight: 35, arbitrary: spaced },
    { weight: 2, arbitrary: blownUp(word) },
    { weight: 2, arbitrary: nested(word, brackets) },
  );
}

/** A few words over and over: whatever is not linear shows. */
function blownUp(word: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const few = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(""));
  return fc
    .record({ before: few, part: few, after: few, length: fc.constantFrom(30, 300, 3_000, BLOWN_UP_LENGTH_MAX) })
    .map(({ before, part, after, length }) => {
      const times = Math.ceil(length / Math.max(1, part.length));
      return before + part.repeat(Math.min(times, length)) + after;
    });
}

function nested(word: fc.Arbitrary<string>, brackets: Brackets): fc.Arbitrary<string> {
  const depth = fc.constantFrom(5, 30, 120, 1_000, NESTED_MAX);
  return fc
    .record({ pair: fc.constantFrom(...brackets), depth, word, isOpen: fc.boolean(), inner: word })
    .map(({ pair: [open, close], depth: times, word: before, isOpen, inner }) => {
      const least = Math.min(times, Math.floor(BLOWN_UP_LENGTH_MAX / (before.length + open.length + close.length)));
      return (before + open).repeat(least) + inner + (isOpen ? "" : close.repeat(least));
    });
}

type Change = { readonly at: number; readonly length: number; readonly how: number; readonly word: string };

/** Real texts with a few mistakes in them. */
export function mutated(texts: readonly string[], vocabulary: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof({ weight: 5, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(400) }),
    how: fc.nat(7),
    word: wordOf(vocabulary),
  });
  return fc
    .record({ text: fc.constantFrom(...texts), changes: fc.array(change, { maxLength: 5 }) })
    .map(({ text, changes }) => changes.reduce(changed, text));
}

function changed(text: string, { at: place, length, how, word }: Change): string {
  const at = Math.floor(place * text.length);
  const end = Math.min(text.length, at + length);
  const [before, part, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (how) {
    case 0:
      return before + after;
    case 1:
      return before + part + part + after;
    case 2:
      return before + word + after;
    case 3:
      return before + word + part + after;
    case 4:
      return before;
    case 5:
      return before + part.split("\n").reverse().join("\n") + after;
    case 6:
      return before + part.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()) + after;
    default:
      return before + part.replaceAll(/\n */g, `\n${word.slice(0, 2)}`) + after;
  }
}

/** Bytes: any, and those of texts, cut anywhere. */
export function bytesOf(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 5, arbitrary: text.map((one) => Buffer.from(one)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(text, fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 6 }))
        .map(([one, at, more]) => {
          const bytes = Buffer.from(one);
          return Buffer.concat([bytes.subarray(0, Math.floor(at * bytes.length)), more]);
        }),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** One value cut into pieces: what comes over a socket. */
export function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** Whether it has no half of a character: such a text cannot be written to a file as it is. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
