import { type Context, EvaluationError } from "./context.ts";
import { cut, hasTemplate, type Piece } from "./cut.ts";
import { evaluateNode } from "./evaluate.ts";
import { pieceNode } from "./legacy.ts";
import { variable } from "./legacy-evaluate.ts";
import { legacyText } from "./legacy-values.ts";
import { parse, type Parsed, type ParseOptions } from "./parse.ts";
import { rememberParsed } from "./remembered.ts";
import { type Node, visit } from "./tree.ts";
import { isUnknown, type Value } from "./values.ts";

export type Interpolation =
  /** `missing` are the names of variables that had no value and count as empty text. */
  | { readonly is: "value"; readonly value: Value; readonly missing: readonly string[] }
  /**
   * Something in it is not known; `text` is the template with what is known filled in. `late`: it will be known when
   * the run has come that far; otherwise never.
   */
  | {
      readonly is: "late";
      readonly late: boolean;
      readonly text: string;
      readonly reason: string;
      readonly missing: readonly string[];
    }
  | { readonly is: "error"; readonly message: string };

/**
 * Fills templates in. A text that is one lone template keeps the type of its value; with anything around it the result
 * is text. `{{x}}` reads a variable, `{{x:=default}}` falls back (the default may hold templates), `${{ … }}` is an
 * expression. Braces that hold neither (`{{.Server.Version}}`) stay as they are.
 */
export function interpolate(template: string, context: Context): Interpolation {
  if (!hasTemplate(template)) return { is: "value", value: template, missing: [] };
  const missing: string[] = [];
  try {
    const parts = parsedTemplate(template, parseOptions(context));
    const values = parts.map(({ piece, node }) => {
      if (!node.ok) throw new EvaluationError(node.message);
      if (piece.is === "brace") addMissing(missing, node.node, context);
      return evaluateNode(node.node, context);
    });
    const open = values.find(isUnknown);
    if (open) {
      const late = values.every((value) => !isUnknown(value) || value.late);
      return { is: "late", late, text: refill(parts, values), reason: open.reason, missing };
    }
    const value = values.length === 1 ? values[0]! : values.map(legacyText).join("");
    return { is: "value", value, missing };
  } catch (error) {
    if (error instanceof EvaluationError) return { is: "error", message: error.message };
    throw error;
  }
}

/** What the parser may accept under a context. */
export function parseOptions({ names, functions }: Context): ParseOptions {
  if (last.names !== names || last.functions !== functions) {
    last = { names, functions, options: { contexts: Object.keys(names), functions: Object.keys(functions ?? {}) } };
  }
  return last.options;
}

type Options = Pick<Context, "names"> & { readonly functions: Context["functions"]; readonly options: ParseOptions };

/** Many templates in a row see the same context. */
let last: Options = { names: {}, functions: undefined, options: { contexts: [], functions: [] } };

type Part = { readonly piece: Piece; readonly node: Parsed };

const parsedTemplate = rememberParsed((template, options): readonly Part[] =>
  cut(template).map((piece) => ({ piece, node: nodeOf(piece, options) })),
);

function nodeOf(piece: Piece, options: ParseOptions): Parsed {
  return piece.is === "expression" ? parse(piece.text, options) : { ok: true, node: pieceNode(piece, options) };
}

function addMissing(names: string[], node: Node, context: Context): void {
  if (node.is === "variable") {
    if (variable(node.path, context) !== undefined) return;
    if (node.fallback === null) names.push(node.path);
    else visit(node.fallback, (inner) => addName(names, inner, context));
  } else visit(node, (inner) => addName(names, inner, context));
}

function addName(names: string[], node: Node, context: Context): void {
  if (node.is !== "variable" || node.fallback !== null) return;
  if (variable(node.path, context) === undefined) names.push(node.path);
}

/**
 * What is known is put in as text. A text with an expression in it is one that the run fills in, as it would be without
 * neighbours that come later; other text that only looks like a template is made safe.
 */
function refill(parts: readonly Part[], values: readonly Value[]): string {
  return parts
    .map(({ piece }, index) => {
      const value = values[index]!;
      if (piece.is === "text") return piece.text;
      if (isUnknown(value)) return piece.source;
      const text = legacyText(value);
      return hasTemplate(text) && !text.includes("${{") ? `\${{ '${text.replaceAll("'", "''")}' }}` : text;
    })
    .join("");
}
