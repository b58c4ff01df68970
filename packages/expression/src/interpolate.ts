import { type Context, EvaluationError } from "./context.ts";
import { cut, hasTemplate, type Piece } from "./cut.ts";
import { evaluateNode } from "./evaluate.ts";
import { pieceNode } from "./legacy.ts";
import { legacyText, variable } from "./legacy-evaluate.ts";
import { parse, type ParseOptions } from "./parse.ts";
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
  const options = parseOptions(context);
  const missing: string[] = [];
  try {
    const pieces = cut(template);
    const values = pieces.map((piece) => {
      const node = nodeOf(piece, options);
      if (piece.is === "brace") missing.push(...missingNames(node, context));
      return evaluateNode(node, context);
    });
    const open = values.find(isUnknown);
    if (open) {
      const late = values.every((value) => !isUnknown(value) || value.late);
      return { is: "late", late, text: refill(pieces, values), reason: open.reason, missing };
    }
    const value = values.length === 1 ? values[0]! : values.map(legacyText).join("");
    return { is: "value", value, missing };
  } catch (error) {
    if (error instanceof EvaluationError) return { is: "error", message: error.message };
    throw error;
  }
}

/** What the parser may accept under a context. */
export function parseOptions(context: Context): ParseOptions {
  return { contexts: Object.keys(context.names), functions: Object.keys(context.functions ?? {}) };
}

function nodeOf(piece: Piece, options: ParseOptions): Node {
  if (piece.is !== "expression") return pieceNode(piece, options);
  const parsed = parse(piece.text, options);
  if (!parsed.ok) throw new EvaluationError(parsed.message);
  return parsed.node;
}

function missingNames(node: Node, context: Context): string[] {
  const names: string[] = [];
  visit(node, (inner) => {
    if (inner.is !== "variable" || inner.fallback !== null) return;
    if (variable(inner.path, context) === undefined) names.push(inner.path);
  });
  const falls = node.is === "variable" && node.fallback !== null;
  return falls && variable(node.path, context) !== undefined ? [] : names;
}

/**
 * What is known is put in as text. A text with an expression in it is one that the run fills in, as it would be without
 * neighbours that come later; other text that only looks like a template is made safe.
 */
function refill(pieces: readonly Piece[], values: readonly Value[]): string {
  return pieces
    .map((piece, index) => {
      const value = values[index]!;
      if (piece.is === "text") return piece.text;
      if (isUnknown(value)) return piece.source;
      const text = legacyText(value);
      return hasTemplate(text) && !text.includes("${{") ? `\${{ '${text.replaceAll("'", "''")}' }}` : text;
    })
    .join("");
}
