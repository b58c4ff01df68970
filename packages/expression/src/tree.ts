import type { Value } from "./values.ts";

/** A parsed expression. GitHub's language and upstream's condition forms both come to this one tree. */
export type Node =
  | { readonly is: "literal"; readonly value: Value }
  | { readonly is: "not"; readonly of: Node }
  | {
      readonly is: "compare";
      readonly operator: CompareOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly is: "logical"; readonly operator: "&&" | "||"; readonly of: readonly Node[] }
  | { readonly is: "context"; readonly name: string }
  | { readonly is: "index"; readonly of: Node; readonly index: Node }
  | { readonly is: "star"; readonly of: Node }
  | { readonly is: "call"; readonly name: string; readonly of: readonly Node[] }
  | LegacyNode;

export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** What only upstream's forms have: variables by name, truth in PowerShell's sense, their own comparisons. */
export type LegacyNode =
  /** `{{x}}`, `{{x:=fallback}}`, `$x`, `Variables.x.y`. `braced`: where nothing gives it, it is empty text. */
  | { readonly is: "variable"; readonly path: string; readonly fallback: Node | null; readonly braced?: boolean }
  | { readonly is: "environment"; readonly name: string }
  | { readonly is: "platform"; readonly platforms: readonly string[] }
  /** Text made of parts. */
  | { readonly is: "join"; readonly of: readonly Node[] }
  | { readonly is: "list"; readonly of: readonly Node[] }
  /** A value as PowerShell puts it into a text. */
  | { readonly is: "spelled"; readonly of: Node }
  | { readonly is: "cast"; readonly to: LegacyType; readonly of: Node }
  /** `[string]::IsNullOrEmpty(x)`; `blanks`: blanks alone are empty, too. */
  | { readonly is: "emptiness"; readonly of: Node; readonly blanks: boolean }
  | { readonly is: "xor"; readonly left: Node; readonly right: Node }
  | { readonly is: "truth"; readonly of: Node }
  | {
      readonly is: "legacy";
      readonly operator: LegacyOperator;
      /** Case counts. */
      readonly exact?: boolean;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly is: "unknown"; readonly reason: string };

/** What a cast of PowerShell's makes of a value. */
export type LegacyType = "integer" | "number" | "text" | "truth";

export type LegacyOperator =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "in"
  | "notin"
  | "contains"
  | "notcontains"
  | "like"
  | "notlike"
  | "match"
  | "notmatch";

/** All names of functions a tree calls, in lower case. */
export function calledFunctions(node: Node): Set<string> {
  const names = new Set<string>();
  visit(node, (inner) => {
    if (inner.is === "call") names.add(inner.name.toLowerCase());
  });
  return names;
}

/** Calls `see` for a node and everything below it. */
export function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  for (const child of childrenOf(node)) visit(child, see);
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.is) {
    case "not":
    case "truth":
    case "spelled":
    case "cast":
    case "emptiness":
    case "star":
      return [node.of];
    case "compare":
    case "legacy":
    case "xor":
      return [node.left, node.right];
    case "logical":
    case "call":
    case "list":
    case "join":
      return node.of;
    case "variable":
      return node.fallback ? [node.fallback] : [];
    case "index":
      return [node.of, node.index];
    case "literal":
    case "context":
    case "environment":
    case "platform":
    case "unknown":
      return [];
  }
}
