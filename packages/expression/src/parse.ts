import {
  Binary,
  ContextAccess,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Star,
  Unary,
} from "@actions/expressions/ast";
import { ExpressionError } from "@actions/expressions/errors";
import { Lexer, type Token, TokenType } from "@actions/expressions/lexer";
import { Parser } from "@actions/expressions/parser";
import type { CompareOperator, Node } from "./tree.ts";
import { EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, tooDeep, tooLong } from "./limits.ts";
import type { Value } from "./values.ts";

export type Parsed =
  | { readonly ok: true; readonly node: Node }
  | { readonly ok: false; readonly kind: "lexing" | "parsing"; readonly message: string };

export type ParseOptions = {
  /** Top-level names that may be used; others are "Unrecognized named-value". */
  readonly contexts: Iterable<string>;
  /** Functions beyond the built-in ones. */
  readonly functions: Iterable<string>;
  /** How deep in others what is parsed stands already. */
  readonly depth?: number;
};

/** Functions that speak of how the run goes; the host gives them, and before the run they are unknown. */
export const statusFunctions: ReadonlySet<string> = new Set(["success", "failure", "always", "cancelled"]);

/** Parses GitHub's expression language with GitHub's own lexer and parser. The text is without `${{ }}`; empty text is null. */
export function parse(text: string, options: ParseOptions): Parsed {
  if (text.length > EXPRESSION_LENGTH_MAX) return { ok: false, kind: "parsing", message: tooLong };
  let tokens: Token[];
  try {
    tokens = new Lexer(text).lex().tokens;
  } catch (error) {
    return { ok: false, kind: "lexing", message: messageOf(error) };
  }
  if (depthOf(tokens) > EXPRESSION_DEPTH_MAX) return { ok: false, kind: "parsing", message: tooDeep };
  const functions = [...options.functions, ...statusFunctions].map((name) => ({ name, minArgs: 0, maxArgs: 255 }));
  try {
    const tree = new Parser(tokens, [...options.contexts], functions).parse() as Expr | undefined;
    return { ok: true, node: tree === undefined ? { is: "literal", value: null } : convert(tree, 0) };
  } catch (error) {
    return { ok: false, kind: "parsing", message: place(error, text) };
  }
}

/** GitHub's message says where; the position counts from 1 over the whole text. */
function place(error: unknown, text: string): string {
  if (!(error instanceof ExpressionError)) return messageOf(error);
  const lines = text.split("\n").slice(0, error.pos.line);
  const offset = lines.reduce((sum, line) => sum + line.length + 1, 0) + error.pos.column;
  return `${error.message}. Located at position ${offset + 1} within expression: ${text}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const operators: Partial<Record<TokenType, CompareOperator>> = {
  [TokenType.EQUAL_EQUAL]: "==",
  [TokenType.BANG_EQUAL]: "!=",
  [TokenType.LESS]: "<",
  [TokenType.LESS_EQUAL]: "<=",
  [TokenType.GREATER]: ">",
  [TokenType.GREATER_EQUAL]: ">=",
};

/** How deep the parser, which calls itself for each bracket and each `!`, would go. */
function depthOf(tokens: readonly Token[]): number {
  let depth = 0;
  let deepest = 0;
  let row = 0;
  for (const { type } of tokens) {
    row = type === TokenType.BANG ? row + 1 : 0;
    if (type === TokenType.LEFT_PAREN || type === TokenType.LEFT_BRACKET) depth += 1;
    if (type === TokenType.RIGHT_PAREN || type === TokenType.RIGHT_BRACKET) depth -= 1;
    deepest = Math.max(deepest, depth + row);
  }
  return deepest;
}

/** `a.b.c` and `a == b == c` are deep, too, though nothing in the text looks so. */
function convert(tree: Expr, depth: number): Node {
  if (depth > EXPRESSION_DEPTH_MAX) throw new RangeError(tooDeep);
  const inner = (of: Expr): Node => convert(of, depth + 1);
  if (tree instanceof Literal) return { is: "literal", value: literalValue(tree) };
  if (tree instanceof Grouping) return inner(tree.group);
  if (tree instanceof Unary) return { is: "not", of: inner(tree.expr) };
  if (tree instanceof ContextAccess) return { is: "context", name: tree.name.lexeme };
  if (tree instanceof FunctionCall) {
    return { is: "call", name: tree.functionName.lexeme, of: tree.args.map(inner) };
  }
  if (tree instanceof Logical) {
    const operator = tree.operator.type === TokenType.AND ? "&&" : "||";
    return { is: "logical", operator, of: tree.args.map(inner) };
  }
  if (tree instanceof IndexAccess) {
    const of = inner(tree.expr);
    return tree.index instanceof Star ? { is: "star", of } : { is: "index", of, index: inner(tree.index) };
  }
  if (tree instanceof Binary) {
    const operator = operators[tree.operator.type];
    if (operator) return { is: "compare", operator, left: inner(tree.left), right: inner(tree.right) };
  }
  throw new TypeError("the expression parser gave a node of an unknown kind");
}

function literalValue(literal: Literal): Value {
  switch (literal.token.type) {
    case TokenType.TRUE:
      return true;
    case TokenType.FALSE:
      return false;
    case TokenType.NULL:
      return null;
    case TokenType.NUMBER:
      return Number(literal.token.value);
    case TokenType.STRING:
      // The lexer undoubles only the first quote pair of a literal, so the text is read from its source again.
      return literal.token.lexeme.slice(1, -1).replaceAll("''", "'");
    default:
      return literal.literal.coerceString();
  }
}
