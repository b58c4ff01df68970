import { cut, hasTemplate, type Piece } from "./cut.ts";
import { type LegacyToken, legacyTokens } from "./legacy-tokens.ts";
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
  return /(?<!\$)\{\{|\$[A-Za-z_(]|(^|[\s(])-[ci]?(eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch|and|or|not)\b|(^|[\s(!])Variables\.|(^|[\s(])(Test|Get|Select|Where)-[A-Z]|^\s*\[/i.test(
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
  if (/^\$?[A-Za-z_][\w.-]*$/.test(text)) {
    return { is: "variable", path: text.replace(/^\$/, ""), fallback: null };
  }
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

function outside(text: string): Node {
  return { is: "unknown", reason: `\`${text.trim()}\` cannot be evaluated here` };
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
  return of.is === "truth" || of.is === "legacy" || of.is === "unknown" ? of : { is: "truth", of };
}

function readOr(reader: Reader): Node {
  return readLogical(reader, "||", ["-or", "||"], readAnd);
}

function readAnd(reader: Reader): Node {
  return readLogical(reader, "&&", ["-and", "&&"], readComparison);
}

function readLogical(
  reader: Reader,
  operator: "&&" | "||",
  words: readonly string[],
  read: (reader: Reader) => Node,
): Node {
  const operands = [read(reader)];
  while (take(reader, ...words)) operands.push(read(reader));
  return operands.length === 1 ? operands[0]! : { is: "logical", operator, of: operands.map(truth) };
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
  let left = readOperand(reader);
  if (left === null) return skipCommand(reader, from);
  let links = 0;
  for (;;) {
    const next = reader.tokens[reader.at];
    if (next?.is !== "operator") break;
    const operator = comparisons[next.text] ?? wordOperator(next.text);
    if (operator === null) break;
    reader.at += 1;
    const right = readOperand(reader);
    if (right === null) return skipCommand(reader, from);
    left = { is: "legacy", operator, left, right };
    if (++links > EXPRESSION_DEPTH_MAX) return skipCommand(reader, from);
  }
  const ends = reader.at >= reader.tokens.length || peek(reader, ")", ",", "-and", "-or", "&&", "||");
  return ends ? left : skipCommand(reader, from);
}

function wordOperator(text: string): LegacyOperator | null {
  return /^-(and|or|not|xor)$/.test(text) || !text.startsWith("-") ? null : (text.slice(1) as LegacyOperator);
}

/** A command with its arguments: everything up to the next `-and`, `-or` or closing bracket of this level. */
function skipCommand(reader: Reader, from: number): Node {
  let depth = 0;
  reader.at = from;
  while (reader.at < reader.tokens.length) {
    if (depth === 0 && peek(reader, ")", "-and", "-or", "&&", "||")) break;
    if (peek(reader, "(", "$(", "@(")) depth += 1;
    if (peek(reader, ")")) depth -= 1;
    reader.at += 1;
  }
  return outside(reader.text);
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
    return take(reader, ")") ? inner : null;
  }
  const token = reader.tokens[reader.at];
  if (!token) return null;
  reader.at += 1;
  return operandNode(token, reader);
}

function readList(reader: Reader): Node | null {
  const items: Node[] = [];
  while (!take(reader, ")")) {
    const item = readOperand(reader);
    if (item === null) return null;
    items.push(item);
    if (!take(reader, ",") && !peek(reader, ")")) return null;
  }
  return { is: "list", of: items };
}

function operandNode(token: LegacyToken, reader: Reader): Node | null {
  const options = { ...reader.options, depth: reader.depth };
  switch (token.is) {
    case "brace":
      return parseBrace(token.text, options) ?? outside(token.text);
    case "expression":
      return pieceNode({ is: "expression", source: token.text, text: token.text }, options);
    case "single":
      return templateNode(token.text, options);
    case "double":
      return templateNode(dollarsToBraces(token.text), options);
    case "number":
      return { is: "literal", value: token.value };
    case "dollar":
      return dollarNode(token.text);
    case "word":
      return wordNode(token.text, reader);
    case "mark":
    case "operator":
    case "other":
      return null;
  }
}

function dollarsToBraces(text: string): string {
  return text.replaceAll(/\$\(\$?([A-Za-z_]\w*)\)|\$([A-Za-z_]\w*)/g, (_, a?: string, b?: string) => `{{${a ?? b}}}`);
}

/** What PowerShell or upstream's engine sets during a run, and no playbook. */
const machineNames =
  /^(PSVersionTable|PSScriptRoot|results?|jobs|stages|summary|context|error|LASTEXITCODE|Host|PWD|HOME|\?|_)(\.|$)/i;

function dollarNode(text: string): Node {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return { is: "literal", value: lower === "true" };
  if (lower === "null") return { is: "literal", value: null };
  if (lower.startsWith("env:") && !text.includes(".")) return { is: "environment", name: text.slice(4) };
  if (lower === "iswindows") return { is: "platform", platforms: ["win32"] };
  if (lower === "islinux") return { is: "platform", platforms: ["linux"] };
  if (lower === "ismacos") return { is: "platform", platforms: ["darwin"] };
  if (machineNames.test(text) || text.includes(":")) return outside(`$${text}`);
  return { is: "variable", path: text, fallback: null };
}

function wordNode(text: string, reader: Reader): Node | null {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return { is: "literal", value: lower === "true" };
  if (lower === "null") return { is: "literal", value: null };
  if (take(reader, "(")) {
    return statusFunctions.has(lower) && take(reader, ")") ? { is: "call", name: lower, of: [] } : null;
  }
  if (lower.startsWith("variables.")) return { is: "variable", path: text, fallback: null };
  return reader.bareNames && !/^[A-Z][a-z]+-[A-Z]/.test(text) ? { is: "variable", path: text, fallback: null } : null;
}
