import type { Schema } from "./schema.ts";

/** A schema in a few words, for a table cell: `string`, `integer ≥ 1`, `"a" or "b"`, `list of {…}`. */
export function describeSchema(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf);
  if (schema.type === "array")
    return `list of ${schema.items === undefined ? "anything" : describeSchema(schema.items)}`;
  if (schema.type === "object") return describeObject(schema);
  if (schema.type === undefined) return "any JSON";
  return schema.minimum === undefined ? schema.type : `${schema.type} ≥ ${schema.minimum}`;
}

function alternatives(options: readonly Schema[]): string {
  const words = [...new Set(options.map(describeSchema))];
  return words.length === 1 ? (words[0] ?? "") : words.join(" or ");
}

function describeObject(schema: Schema): string {
  const map = Object.values(schema.patternProperties ?? {})[0];
  if (map !== undefined) return `map to ${describeSchema(map)}`;
  const names = Object.keys(schema.properties ?? {});
  if (names.length === 0) return "object";
  const shown = names.slice(0, 12).join(", ");
  return `{${shown}${names.length > 12 ? ", …" : ""}}`;
}

/** Rows of `| field | shape | meaning |`; a `?` marks what may be absent. */
export function fieldRows(schema: Schema, without: ReadonlySet<string>): readonly string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !without.has(name))
    .map(([name, field]) => {
      const shape = describeSchema(field).replaceAll("|", "\\|");
      return `| \`${name}\`${required.has(name) ? "" : "?"} | ${shape} | ${field.description ?? ""} |`;
    });
}
