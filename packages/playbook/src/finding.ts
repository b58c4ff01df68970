import type { NotEnforced } from "@aither/protocol";

/** Where in a file: the keys and indexes that lead to a value. */
export type Path = readonly (string | number)[];

/** A Diagnostic before its place is known. `at` is set where the text could not even be parsed. */
export type Finding = {
  readonly severity: "error" | "warning" | "info";
  readonly code: string;
  readonly message: string;
  readonly fix: string | null;
  readonly path: Path;
  /** Point at the key rather than at its value. */
  readonly onKey?: boolean;
  readonly at?: Place;
};

/** Lines and columns count from 1. */
export type Place = {
  readonly line: number;
  readonly col: number;
  readonly endLine: number;
  readonly endCol: number;
};

/** An object that was looked into, and which of its keys somebody read. */
export type Looked = { readonly path: Path; readonly written: object; readonly read: ReadonlySet<string> };

/** What reading a file gathers on the way. */
export type Gathering = {
  readonly findings: Finding[];
  readonly notEnforced: NotEnforced[];
  readonly looked: Looked[];
  /** Where each object of the model came from; null where nobody wants to know. */
  readonly paths: Map<object, Path> | null;
};

/** `orchestration.stages[2].timeout`. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** Line and column of an offset. */
export function placeAt(text: string, offset: number, length = 1): Place {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const col = offset - before.lastIndexOf("\n");
  const upTo = text.slice(0, offset + Math.max(1, length));
  const endLine = upTo.split("\n").length;
  const endCol = offset + Math.max(1, length) - upTo.lastIndexOf("\n");
  return { line, col, endLine, endCol };
}
