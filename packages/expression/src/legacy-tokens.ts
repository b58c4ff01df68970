import { pieces } from "./cut.ts";
import type { LegacyType } from "./tree.ts";

/** A word of upstream's condition forms. */
export type LegacyToken =
  | { readonly is: "brace" | "expression"; readonly text: string }
  /** What is between the quotes; of `"…"` with its escapes and variables. */
  | { readonly is: "single" | "double"; readonly text: string }
  | { readonly is: "number"; readonly value: number }
  /** `1..5` */
  | { readonly is: "range"; readonly from: number; readonly to: number }
  /** `$name`, `${name}`, `$env:NAME`, `$Variables.x`; `text` is without the `$`. */
  | { readonly is: "dollar"; readonly text: string }
  /** `$(`, `@(`, `(`, `)`, `,`, `;` (which also stands for the end of a line within `@( )`) */
  | { readonly is: "mark"; readonly text: string }
  /** `&&`, `-eq`, `!`, `==` … in lower case. `exact`: case counts (`-ceq`). */
  | { readonly is: "operator"; readonly text: string; readonly exact?: boolean }
  /** `[int]`, `[string]` … in front of a value. */
  | { readonly is: "cast"; readonly to: LegacyType }
  /** `[string]::IsNullOrEmpty(`, with its bracket. `blanks`: blanks alone are empty, too. */
  | { readonly is: "emptiness"; readonly blanks: boolean }
  | { readonly is: "word"; readonly text: string }
  /** Something of PowerShell's that is none of these forms: `-ErrorAction`, `[version]`, `.Count`. */
  | { readonly is: "other"; readonly text: string };

type Rule = readonly [RegExp, (found: RegExpExecArray) => LegacyToken];

const operatorWords = "eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch|and|or|not|xor";

const types: Readonly<Record<string, LegacyType>> = {
  bool: "truth",
  boolean: "truth",
  decimal: "number",
  double: "number",
  float: "number",
  single: "number",
  int: "integer",
  int32: "integer",
  int64: "integer",
  long: "integer",
  string: "text",
};

const rules: readonly Rule[] = [
  [/^'((?:[^']|'')*)'/, ([, text = ""]) => ({ is: "single", text: text.replaceAll("''", "'") })],
  [/^"((?:[^"`]|`.|"")*)"/s, ([, text = ""]) => ({ is: "double", text })],
  [/^\$\(|^@\(|^[(),;]/, ([text]) => ({ is: "mark", text })],
  [/^\$\{([^{}`]+)\}/, ([, text = ""]) => ({ is: "dollar", text })],
  [/^\$([A-Za-z_?][\w]*(?::[\w]+)?(?:\.[\w-]+)*)/, ([, text = ""]) => ({ is: "dollar", text })],
  [
    new RegExp(`^-([ci]?)(${operatorWords})(?![\\w-])`, "i"),
    ([, kind = "", text = ""]) => ({
      is: "operator",
      text: `-${text.toLowerCase()}`,
      ...(kind.toLowerCase() === "c" && { exact: true }),
    }),
  ],
  [/^(==|!=|<=|>=|&&|\|\||!|<|>)/, ([text]) => ({ is: "operator", text })],
  [/^(-?\d{1,9})\.\.(-?\d{1,9})(?![\w.])/, ([, from, to]) => ({ is: "range", from: Number(from), to: Number(to) })],
  [/^-?\d+(?:\.\d+)?(?![\w.])/, ([text]) => ({ is: "number", value: Number(text) })],
  [
    /^\[(?:System\.)?String\]::IsNullOr(Empty|WhiteSpace)\(/i,
    ([, what = ""]) => ({ is: "emptiness", blanks: /white/i.test(what) }),
  ],
  [
    new RegExp(`^\\[(?:System\\.)?(${Object.keys(types).join("|")})\\](?!::)`, "i"),
    ([, name = ""]) => ({ is: "cast", to: types[name.toLowerCase()]! }),
  ],
  [/^[A-Za-z_][\w.-]*/, ([text]) => ({ is: "word", text })],
  [/^[^\s()'",;]+/, ([text]) => ({ is: "other", text })],
];

/** Blanks, comments, and the backtick that goes on with the next line. */
const blanks = /(?:\s|`\r?\n|<#[\s\S]*?#>|(?<=^|\s)#[^\r\n]*)*/y;

/** PowerShell takes typographic quotes and dashes for plain ones; within a text they stay what they are. */
const oddQuotes = /^[\u2018\u2019\u201A\u201B\u201C\u201D\u201E]/;
const oddDash = /^[\u2013\u2014\u2015](?=[A-Za-z\d])/;

/** Longer than any condition that somebody wrote. Templates without an end are looked at again for each word. */
const LENGTH_MAX = 10_000;

/** Cuts a condition into words; null when something in it is none of these forms. */
export function legacyTokens(text: string): LegacyToken[] | null {
  if (text.length > LENGTH_MAX) return null;
  const tokens: LegacyToken[] = [];
  /** The brackets that are open: within `@( )` a line ends an item. */
  const open: string[] = [];
  let rest = text;
  for (;;) {
    // What was read is cut off, so that the rest is the end of the text.
    blanks.lastIndex = text.length - rest.length;
    const blank = blanks.exec(text)?.[0] ?? "";
    rest = rest.slice(blank.length);
    if (rest === "") return tokens;
    if (open.at(-1) === "@(" && /(?<!`\r?)\n/.test(blank)) tokens.push({ is: "mark", text: ";" });
    const template = /^\$?\{\{/.test(rest) ? pieces(rest).next().value : undefined;
    if (typeof template === "object" && template.is !== "text") {
      tokens.push({ is: template.is, text: template.text });
      rest = rest.slice(template.source.length);
      continue;
    }
    rest = plain(rest);
    const next = firstMatch(rest);
    if (!next) return null;
    tokens.push(next.token);
    if (next.token.is === "emptiness") open.push("(");
    if (next.token.is === "mark" && next.token.text.endsWith("(")) open.push(next.token.text);
    if (next.token.is === "mark" && next.token.text === ")") open.pop();
    rest = rest.slice(next.length);
  }
}

/** What it begins with, in the characters that the rules know. */
function plain(rest: string): string {
  if (oddDash.test(rest)) return `-${rest.slice(1)}`;
  if (!oddQuotes.test(rest)) return rest;
  const kind = rest.charCodeAt(0) < 0x201c ? "'" : '"';
  const same = kind === "'" ? /['\u2018-\u201B]/ : /["\u201C-\u201E]/;
  let at = 1;
  while (at < rest.length && !same.test(rest[at]!)) at += kind === '"' && rest[at] === "`" ? 2 : 1;
  const within = rest.slice(1, at).replaceAll(kind, kind + kind);
  return `${kind}${within}${rest.slice(at).replace(same, kind)}`;
}

function firstMatch(rest: string): { token: LegacyToken; length: number } | null {
  for (const [pattern, make] of rules) {
    const found = pattern.exec(rest);
    if (found) return { token: make(found), length: found[0].length };
  }
  return null;
}
