import type { Call, Schema } from "./schema.ts";

/** The OpenAPI 3.1 document of all calls. */
export function openapi(calls: readonly Call[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const call of calls) {
    const path = call.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[call.method.toLowerCase()] = operation(call);
  }
  return {
    openapi: "3.1.0",
    info: { title: "aither", version, description: "Start, follow and steer jobs of the aither daemon." },
    servers: [{ url: "/" }],
    paths,
    components: { schemas: { Problem: problemSchema } },
  };
}

function operation(call: Call): Record<string, unknown> {
  const parameters = [...parametersIn("path", call.params), ...parametersIn("query", call.query)];
  return {
    operationId: call.name,
    summary: call.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(call.body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: call.body } } },
    }),
    responses: {
      [call.status]: { description: call.summary, content: content(call) },
      default: {
        description: "A problem (RFC 9457)",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function content(call: Call): Record<string, unknown> {
  return { [call.produces ?? "application/json"]: call.reply === undefined ? {} : { schema: call.reply } };
}

function parametersIn(place: "path" | "query", schema: Schema | undefined): readonly Record<string, unknown>[] {
  const required = new Set(schema?.required ?? []);
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path" || required.has(name),
    ...(field.description !== undefined && { description: field.description }),
    schema: field,
  }));
}

const text = { type: "string" };

const problemSchema = {
  type: "object",
  required: ["apiVersion", "type", "title", "status", "code", "detail", "hint"],
  properties: {
    apiVersion: { const: "aither/v1" },
    type: text,
    title: text,
    status: { type: "integer" },
    code: { type: "string", pattern: "^AITHER_E_" },
    detail: { ...text, description: "What is wrong, in one line." },
    hint: { ...text, description: "What to do." },
    diagnostics: { type: "array", items: { type: "object" } },
    candidates: { type: "array", items: text },
  },
};
