import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { FastifySchemaCompiler } from "fastify";

/**
 * Checks requests against the contracts. Unknown fields of a body are refused, never dropped in silence. Values of a
 * query are texts and become what the contract says; `follow`, `follow=1` and `follow=true` mean the same.
 * A schema is compiled when it is first needed: most lives of a daemon never need most of them.
 */
export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  const isText = httpPart !== "body";
  let compiled: ValidateFunction | undefined;
  return (data: unknown) => {
    compiled ??= (isText ? forTexts : forDocuments).compile(schema);
    const value = isText ? withBooleans(data, schema) : data;
    if (compiled(value)) return { value };
    return { error: new Error(sentence(compiled.errors ?? [], partNames[httpPart ?? ""] ?? "request")) };
  };
};

const partNames: Readonly<Record<string, string>> = { body: "body", querystring: "query", params: "path" };
/** Strict about numbers: `1e999` is read as infinity, which no limit of ours means. */
const shared = {
  allErrors: false,
  removeAdditional: false,
  strict: false,
  strictNumbers: true,
  verbose: true,
} as const;
const forDocuments = new Ajv({ ...shared, useDefaults: true });
const forTexts = new Ajv({ ...shared, useDefaults: true, coerceTypes: true });

type Fields = { readonly properties?: Readonly<Record<string, { readonly type?: string }>> };

function withBooleans(data: unknown, schema: Fields): unknown {
  if (typeof data !== "object" || data === null) return data;
  const value: Record<string, unknown> = { ...data };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.type !== "boolean") continue;
    if (value[name] === "1" || value[name] === "") value[name] = true;
    if (value[name] === "0") value[name] = false;
  }
  return value;
}

/** `variables in the body must be object`; for a choice, what there is to choose from. */
function sentence(errors: readonly ErrorObject[], part: string): string {
  // A union reports each of its branches and then itself; the last one knows the whole.
  const error = errors.at(-1);
  if (error === undefined) return `the ${part} is not well formed`;
  const place = error.instancePath === "" ? "" : error.instancePath.slice(1).replaceAll("/", ".");
  const where = place === "" ? `the ${part}` : `${place} in the ${part}`;
  if (error.keyword === "additionalProperties") {
    const name = String(error.params["additionalProperty"]);
    const known = Object.keys((error.parentSchema as Fields).properties ?? {}).join(", ");
    return `${where} has an unknown field ${JSON.stringify(name)}; known are: ${known === "" ? "none" : known}`;
  }
  if (error.keyword === "required") return `${where} has no ${String(error.params["missingProperty"])}`;
  if (error.keyword === "anyOf") {
    const choices = (error.schema as readonly { const?: string }[]).map((branch) => branch.const);
    if (choices.every((choice) => choice !== undefined)) return `${where} must be one of ${choices.join(", ")}`;
  }
  return `${where} ${error.message ?? "is wrong"}`;
}
