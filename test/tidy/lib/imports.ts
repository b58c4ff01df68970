import { mask } from "./mask.ts";

/** One import of a file: what it names, on which line, and whether it is erased when the code is built. */
export type Import = { readonly specifier: string; readonly line: number; readonly typeOnly: boolean };

const patterns = {
  from: /\b(import|export)\b([^;"`]*?)\bfrom\s*"§(\d+)"/g,
  bare: /\bimport\s*"§(\d+)"/g,
  call: /\b(?:import|require)\s*\(\s*"§(\d+)"/g,
} as const;

/** Every static import, re-export, dynamic import, type import and `require` of a literal. */
export function importsOf(text: string): readonly Import[] {
  const { code, strings } = mask(text);
  const found: Import[] = [];
  const add = (index: number, string: string | undefined, typeOnly: boolean): void => {
    const line = code.slice(0, index).split("\n").length;
    found.push({ specifier: strings[Number(string)] ?? "", line, typeOnly });
  };
  for (const match of code.matchAll(patterns.from)) add(match.index, match[3], isTypeOnly(match[2] ?? ""));
  for (const match of code.matchAll(patterns.bare)) add(match.index, match[1], false);
  for (const match of code.matchAll(patterns.call)) add(match.index, match[1], isTypeQuery(code, match.index));
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*,|\s*from)/.test(clause)) return true;
  const braces = /^\s*\{([^}]*)\}\s*$/.exec(clause);
  if (braces === null) return false;
  const names = (braces[1] ?? "").split(",").filter((name) => name.trim() !== "");
  return names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
}

/** `import("x").Name` after a colon, `<`, `|` or `=` of a type; only the form with `typeof` or a member is a type. */
function isTypeQuery(code: string, index: number): boolean {
  return (
    /(?::|<|\||&|\btypeof)\s*$/.test(code.slice(Math.max(0, index - 40), index)) && code.startsWith("import", index)
  );
}

/** The package that a specifier means: `@a/b/c` → `@a/b`, `x/y` → `x`, `node:fs` → `node:fs`, relative → null. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("/")) return null;
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
