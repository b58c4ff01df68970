import { cut, width } from "./width.ts";

export type Column = {
  readonly title: string;
  readonly right?: boolean;
  /** Gives way when the line is too long; its cells hold no escape codes. */
  readonly flexible?: boolean;
};

const FLEXIBLE_MIN = 8;

/** Lines of a table without frames. `columns` = how wide the terminal is; infinite where there is none. */
export function table(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly columns?: number; readonly paintHead?: (text: string) => string } = {},
): string[] {
  const { columns = Number.POSITIVE_INFINITY, paintHead = (text: string) => text } = options;
  const widths = head.map((column, index) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ""))),
  );
  const excess = widths.reduce((sum, one) => sum + one + 2, -2) - columns;
  const flexible = head.findIndex((column) => column.flexible);
  if (excess > 0 && flexible >= 0) {
    const left = (widths[flexible] ?? 0) - excess;
    // Rather a column less than lines that break: the last one says least.
    if (left < FLEXIBLE_MIN && head.length > 2) return table(head.slice(0, -1), rows, options);
    widths[flexible] = Math.max(FLEXIBLE_MIN, left);
  }
  const line = (cells: readonly string[]): string =>
    head
      .map((column, index) => cell(cells[index] ?? "", widths[index] ?? 0, column, index === head.length - 1))
      .join("  ")
      .trimEnd();
  return [paintHead(line(head.map((column) => column.title))), ...rows.map(line)];
}

function cell(text: string, columns: number, { right = false, flexible = false }: Column, last: boolean): string {
  const shown = flexible ? cut(text, columns) : text;
  if (last && !right) return shown;
  const space = " ".repeat(Math.max(0, columns - width(shown)));
  return right ? space + shown : shown + space;
}
