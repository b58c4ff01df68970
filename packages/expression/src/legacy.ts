import { cut, hasTemplate, type Piece } from "./cut.ts";
import { type LegacyToken, legacyTokens } from "./legacy-tokens.ts";
import { dollarNode, outside, quotedNode } from "./legacy-names.ts";
import { EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, tooDeep, tooLong } from "./limits.ts";
import { parse, type ParseOptions, statusFunctions } from "./parse.ts";
import type { LegacyOperator, Node } from "./tree.ts";

/** `bareNames`: a bare word is the name of a variable (inside `{{ }}` and `$( )`), not something nobody can tell. */
type LegacyOptions = ParseOptions & { readonly bareNames?: boolean };

/**
 * True when a condition is written in one of upstream's forms rather than in GitHub's language: `{{x}}`, `$x`,
 * `-eq`, `Variables.x`, a PowerShell command.
 */
export function isLegacyCondition(text: string): boolean {
  return /(?<!\$)\{\{|\$[A-Za-z_(]|\$\{(?!\{)|(^|[\s(])[-\u2013-\u2015][ci]?(eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch|and|or|not|xor|is|isnot|as|replace|split|join)\b|(^|[\s(!])Variables\.|(^|[\s(])(Test|Get|Select|Where)-[A-Z]|^[\s(!]*\[[a-z.]+\]/i.test(
    text,
  );
}

/**
 * Parses upstream's condition forms into the common tree. What is not one of them (a cmdlet, a .NET call) becomes an
 * unknown, at the place where it stands: `!{{x}} -or (Get-Command docker)` is still decided when `x` is false.
 */
export function parseLegacy(text: string, options: LegacyOptions): Node {
  if (text.length > EXPRESSION_LENGTH_MAX) return { is: "unknown", reason: tooLong };
  const tokens = legacyTokens(text);
  if (tokens === null) return outside(text);
  const reader: Reader = {
    tokens,
    at: 0,
    options,
    bareNames: options.bareNames ?? false,
    text,
    depth: options.depth ?? 0,
  };
  const node = readOr(reader);
  return reader.at < tokens.length ? outside(text) : node;
}

/** The tree of a `{{ … }}`: a variable, one with a fallback, or a comparison; null when it is none of these. */
function parseBrace(text: string, options: ParseOptions): Node | null {
  const withFallback = /^\$?([\w.-]+)\s*:=([\s\S]*)$/.exec(text);
  if (withFallback) {
    const fallback = fallbackNode(withFallback[2]!.trim(), options);
    return { is: "variable", path: withFallback[1]!, fallback };
  }
  if (/^\$[A-Za-z_][\w.-]*$/.test(text)) return dollarNode(text.slice(1));
  if (/^[A-Za-z_][\w.-]*$/.test(text)) return { is: "variable", path: text, fallback: null };
  const node = parseLegacy(text, { ...options, bareNames: true });
  return node.is === "unknown" ? null : node;
}

/** The tree of one piece of a text. */
export function pieceNode(piece: Piece, options: ParseOptions): Node {
  if (piece.is === "text") return { is: "literal", value: piece.text };
  if (piece.is === "brace") {
    const depth = (options.depth ?? 0) + 1;
    if (depth > EXPRESSION_DEPTH_MAX) return { is: "unknown", reason: tooDeep };
    return parseBrace(piece.text, { ...options, depth }) ?? { is: "literal", value: piece.source };
  }
  const parsed = parse(piece.text, options);
  return parsed.ok ? parsed.node : { is: "unknown", reason: parsed.message };
}

function templateNode(text: string, options: ParseOptions): Node {
  if (!hasTemplate(text)) return { is: "literal", value: text };
  return { is: "join", of: cut(text).map((piece) => pieceNode(piece, options)) };
}

function fallbackNode(text: string, options: ParseOptions): Node {
  const quoted = /^'([^']*)'$|^"([^"]*)"$/.exec(text);
  if (quoted) return { is: "literal", value: quoted[1] ?? quoted[2] ?? "" };
  if (/^\$?(true|false)$/i.test(text)) return { is: "literal", value: /true$/i.test(text) };
  if (String(Number(text)) === text) return { is: "literal", value: Number(text) };
  const pieces = cut(text);
  return pieces.length === 1 ? pieceNode(pieces[0]!, options) : templateNode(text, options);
}

type Reader = {
  readonly tokens: readonly LegacyToken[];
  at: number;
  bareNames: boolean;
  /** Operands that are being read: this one stands in all of them. */
  depth: number;
  readonly options: ParseOptions;
  readonly text: string;
};

function peek(reader: Reader, ...texts: readonly string[]): boolean {
  const next = reader.tokens[reader.at];
  if (next?.is !== "operator" && next?.is !== "mark") return false;
  return texts.includes(next.text);
}

function take(reader: Reader, ...texts: readonly string[]): boolean {
  if (!peek(reader, ...texts)) return false;
  reader.at += 1;
  return true;
}

function truth(of: Node): Node {
  return of.is === "truth" || of.is === "xor" || of.is === "unknown" ? of : { is: "truth", of };
}

const words: ReadonlyMap<string, "&&" | "||" | "xor"> = new Map([
  ["-and", "&&"],
  ["-or", "||"],
  ["-xor", "xor"],
]);

/** `-and`, `-or` and `-xor` bind equally, from left to right, as in PowerShell; `&&` and `||` as everywhere else. */
function readOr(reader: Reader): Node {
  const first = readBars(reader);
  let { hasBars } = first;
  let left = first.node;
  const used = new Set<string>();
  for (;;) {
    const word = [...words.keys()].find((one) => peek(reader, one));
    if (word === undefined) break;
    const operator = words.get(word)!;
    const operands = [left];
    while (take(reader, word)) {
      const right = readBars(reader);
      hasBars ||= right.hasBars;
      operands.push(right.node);
    }
    used.add(operator);
    left = joined(operator, operands);
  }
  // Whether `||` is to bind tighter than `-and` depends on which language one thinks in.
  return hasBars && (used.has("&&") || used.has("xor")) ? outside(reader.text) : left;
}

function joined(operator: "&&" | "||" | "xor", operands: readonly Node[]): Node {
  const of = operands.map(truth);
  if (operator !== "xor") return { is: "logical", operator, of };
  return of.reduce((left, right) => ({ is: "xor", left, right }));
}

function readBars(reader: Reader): { readonly node: Node; readonly hasBars: boolean } {
  const operands = [readAmpersands(reader)];
  while (take(reader, "||")) operands.push(readAmpersands(reader));
  const hasBars = operands.length > 1;
  return { node: hasBars ? joined("||", operands) : operands[0]!, hasBars };
}

function readAmpersands(reader: Reader): Node {
  const operands = [readComparison(reader)];
  while (take(reader, "&&")) operands.push(readComparison(reader));
  return operands.length > 1 ? joined("&&", operands) : operands[0]!;
}

/** `!` and `-not` bind to the operand, as in PowerShell: `!{{x}} == false` compares the negated x. */
const comparisons: Readonly<Record<string, LegacyOperator>> = {
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};

function readComparison(reader: Reader): Node {
  const from = reader.at;
  let left = readOperands(reader);
  if (left === null) return skipCommand(reader, from);
  let links = 0;
  for (;;) {
    const next = reader.tokens[reader.at];
    if (next?.is !== "operator") break;
    const operator = comparisons[next.text] ?? wordOperator(next.text);
    if (operator === null) break;
    reader.at += 1;
    const right = readOperands(reader);
    if (right === null) return skipCommand(reader, from);
    left = { is: "legacy", operator, left, right, ...(next.exact === true && { exact: true }) };
    if (++links > EXPRESSION_DEPTH_MAX) return skipCommand(reader, from);
  }
  const ends = reader.at >= reader.tokens.length || peek(reader, ")", ...ending);
  return ends ? left : skipCommand(reader, from);
}

/** Where an operand of `-and` and its like ends. */
const ending = [...words.keys(), "&&", "||"];

function wordOperator(text: string): LegacyOperator | null {
  return /^-(and|or|not|xor)$/.test(text) || !text.startsWith("-") ? null : (text.slice(1) as LegacyOperator);
}

/** A command with its arguments: everything up to the next `-and`, `-or` or closing bracket of this level. */
function skipCommand(reader: Reader, from: number): Node {
  let depth = 0;
  reader.at = from;
  while (reader.at < reader.tokens.length) {
    if (depth === 0 && peek(reader, ")", ...ending)) break;
    if (peek(reader, "(", "$(", "@(") || reader.tokens[reader.at]?.is === "emptiness") depth += 1;
    if (peek(reader, ")")) depth -= 1;
    reader.at += 1;
  }
  return outside(reader.text);
}

/** An operand, or several with commas between them: a list, as PowerShell has it without brackets, too. */
function readOperands(reader: Reader): Node | null {
  const first = readOperand(reader);
  if (first === null || !peek(reader, ",")) return first;
  // A comma binds tighter than `!`: what is negated then is the list, which nobody means.
  if (first.is === "not") return null;
  const items = [first];
  while (take(reader, ",")) {
    const item = readOperand(reader);
    if (item === null || item.is === "not") return null;
    items.push(item);
  }
  return { is: "list", of: items };
}

function readOperand(reader: Reader): Node | null {
  if (reader.depth >= EXPRESSION_DEPTH_MAX) return null;
  reader.depth += 1;
  const node = readOne(reader);
  reader.depth -= 1;
  return node;
}

function readOne(reader: Reader): Node | null {
  if (take(reader, "!", "-not")) {
    const of = readOperand(reader);
    return of && { is: "not", of: truth(of) };
  }
  if (take(reader, "@(")) return readList(reader);
  const dollar = peek(reader, "$(");
  if (take(reader, "(", "$(")) {
    const outer = reader.bareNames;
    reader.bareNames ||= dollar;
    const inner = readOr(reader);
    reader.bareNames = outer;
    // What is in brackets is a value of its own: `(!$a), $b`.
    return take(reader, ")") ? (inner.is === "not" ? { is: "truth", of: inner } : inner) : null;
  }
  const token = reader.tokens[reader.at];
  if (!token) return null;
  reader.at += 1;
  if (token.is === "emptiness") {
    const of = readOperand(reader);
    return of !== null && take(reader, ")") ? { is: "emptiness", of, blanks: token.blanks } : null;
  }
  if (token.is === "cast") {
    const of = readOperand(reader);
    return of && { is: "cast", to: token.to, of };
  }
  return operandNode(token, reader);
}

function readList(reader: Reader): Node | null {
  const items: Node[] = [];
  for (;;) {
    while (take(reader, ";")) continue;
    if (take(reader, ")")) break;
    const item = readOperand(reader);
    if (item === null) return null;
    items.push(item);
    if (take(reader, ",")) while (take(reader, ";")) continue;
    else if (!peek(reader, ")", ";")) return null;
  }
  return { is: "list", of: items };
}

function operandNode(token: LegacyToken, reader: Reader): Node | null {
  const options = { ...reader.options, depth: reader.depth };
  switch (token.is) {
    case "brace": {
      const node = parseBrace(token.text, options) ?? outside(token.text);
      return node.is === "variable" ? { ...node, braced: true } : node;
    }
    case "expression":
      return pieceNode({ is: "expression", source: token.text, text: token.text }, options);
    case "single":
      return templateNode(token.text, options);
    case "double":
      return quotedNode(token.text, (piece) => pieceNode(piece, options));
    case "range":
      return rangeNode(token);
    case "number":
      return { is: "literal", value: token.value };
    case "dollar":
      return dollarNode(token.text);
    case "word":
      return wordNode(token.text, reader);
    case "emptiness":
    case "cast":
    case "mark":
    case "operator":
    case "other":
      return null;
  }
}

const RANGE_MAX = 10_000;

function rangeNode({ from, to }: { readonly from: number; readonly to: number }): Node {
  const length = Math.abs(to - from) + 1;
  if (length > RANGE_MAX) return outside(`${from}..${to}`);
  const step = to < from ? -1 : 1;
  return {
    is: "list",
    of: Array.from({ length }, (_, index): Node => ({ is: "literal", value: from + index * step })),
  };
}

function wordNode(text: string, reader: Reader): Node | null {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return { is: "literal", value: lower === "true" };
  if (lower === "null") return { is: "literal", value: null };
  if (take(reader, "(")) {
    return statusFunctions.has(lower) && take(reader, ")") ? { is: "call", name: lower, of: [] } : null;
  }
  if (lower.startsWith("variables.")) return { is: "variable", path: text, fallback: null };
  const isName = reader.bareNames && !/^[A-Z][a-z]+-[A-Z]/.test(text);
  return isName ? { is: "variable", path: text, fallback: null, braced: true } : null;
}
