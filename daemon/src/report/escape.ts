/** Text in pages and XML: nothing in it can end the place it stands in. */
import { seen } from "./ansi.ts";

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For elements and for attributes in quotes. What XML cannot hold is replaced. */
export function escaped(text: string): string {
  return seen(text).replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

/** A sentence of ours for a page: the names in it, which we put between backticks, stand out. */
export function prose(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<span class="n">$1</span>');
}

/** For an attribute of XML: line feeds and tabs would be taken for blanks. */
export function attribute(text: string): string {
  return escaped(text).replaceAll("\n", "&#10;").replaceAll("\r", "&#13;").replaceAll("\t", "&#9;");
}
