import { pieces } from "./cut.ts";

/** A word of upstream's condition forms. */
export type LegacyToken =
  | { readonly is: "brace" | "expression"; readonly text: string }
  | { readonly is: "single" | "double"; readonly text: string }
  | { readonly is: "number"; readonly value: number }
  /** `$name`, `$env:NAME`, `$Variables.x`; `text` is without the `$`. */
  | { readonly is: "dollar"; readonly text: string }
  /** `$(`, `@(`, `(`, `)`, `,` */
  | { readonly is: "mark"; readonly text: string }
  /** `&&`, `-eq`, `!`, `==` … in lower case. */
  | { readonly is: "operator"; readonly text: string }
  | { readonly is: "word"; readonly text: string }
  /** Something of PowerShell's that is none of these forms: `-ErrorAction`, `[version]`, `.Count`. */
  | { readonly is: "other"; readonly text: string };

type Rule = readonly [RegExp, (found: RegExpExecArray) => LegacyToken];

const operatorWords = "eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch|and|or|not|xor";

const rules: readonly Rule[] = [
  [/^'((?:[^']|'')*)'/, ([, text = ""]) => ({ is: "single", text: text.replaceAll("''", "'") })],
  [/^"((?:[^"`]|`.|"")*)"/s, ([, text = ""]) => ({ is: "double", text: undouble(text) })],
  [/^\$\(|^@\(|^[(),]/, ([text]) => ({ is: "mark", text })],
  [/^\$([A-Za-z_?][\w]*(?::[\w]+)?(?:\.[\w-]+)*)/, ([, text = ""]) => ({ is: "dollar", text })],
  [
    new RegExp(`^-[ci]?(${operatorWords})(?![\\w-])`, "i"),
    ([, text = ""]) => ({ is: "operator", text: `-${text.toLowerCase()}` }),
  ],
  [/^(==|!=|<=|>=|&&|\|\||!|<|>)/, ([text]) => ({ is: "operator", text })],
  [/^-?\d+(?:\.\d+)?(?![\w.])/, ([text]) => ({ is: "number", value: Number(text) })],
  [/^[A-Za-z_][\w.-]*/, ([text]) => ({ is: "word", text })],
  [/^[^\s()'",]+/, ([text]) => ({ is: "other", text })],
];

/** Longer than any condition that somebody wrote. Templates without an end are looked at again for each word. */
const LENGTH_MAX = 10_000;

/** Cuts a condition into words; null when something in it is none of these forms. */
export function legacyTokens(text: string): LegacyToken[] | null {
  if (text.length > LENGTH_MAX) return null;
  const tokens: LegacyToken[] = [];
  let rest = text.trimStart();
  while (rest !== "") {
    const template = /^\$?\{\{/.test(rest) ? pieces(rest).next().value : undefined;
    if (typeof template === "object" && template.is !== "text") {
      tokens.push({ is: template.is, text: template.text });
      rest = rest.slice(template.source.length).trimStart();
      continue;
    }
    const next = firstMatch(rest);
    if (!next) return null;
    tokens.push(next.token);
    rest = rest.slice(next.length).trimStart();
  }
  return tokens;
}

function firstMatch(rest: string): { token: LegacyToken; length: number } | null {
  for (const [pattern, make] of rules) {
    const found = pattern.exec(rest);
    if (found) return { token: make(found), length: found[0].length };
  }
  return null;
}

/** PowerShell's escapes in a double-quoted text. */
function undouble(text: string): string {
  return text
    .replaceAll('""', '"')
    .replaceAll(/`(.)/gs, (_, escaped: string) => ({ n: "\n", r: "\r", t: "\t", 0: "\0" })[escaped] ?? escaped);
}
