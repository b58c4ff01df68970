import { contracts } from "./contracts.ts";
import { routes, type Route, type RouteName } from "./routes.ts";
import { VERSION } from "./version.ts";

type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};
type Call = {
  readonly summary: string;
  readonly status: number;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  readonly reply?: Schema;
  readonly produces?: string;
};

/** The OpenAPI 3.1 document of every call: plain JSON, printed to schemas/openapi.json and served by the daemon. */
export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const { method, path, role } = routes[name];
    // The schema library marks its values with what JSON cannot say; a trip through text leaves the schema alone.
    const call = JSON.parse(JSON.stringify(contracts[name])) as Call;
    (paths[path.replaceAll(/:(\w+)/g, "{$1}")] ??= {})[method.toLowerCase()] = operation(name, call, role);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "aither",
      version: VERSION,
      description: "Start, follow and steer jobs of the aither daemon.",
    },
    servers: [{ url: "/" }],
    paths,
    components: { schemas: { Problem: problemSchema }, securitySchemes },
  };
}

function operation(name: RouteName, call: Call, role: Route["role"]): Record<string, unknown> {
  const parameters = [...parametersIn("path", call.params), ...parametersIn("query", call.query)];
  return {
    operationId: name,
    summary: call.summary,
    security: role === "anyone" ? [] : security,
    "x-aither-role": role,
    ...(parameters.length > 0 && { parameters }),
    ...(call.body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: call.body } } },
    }),
    responses: {
      [call.status]: { description: call.summary, content: content(call) },
      default: {
        description: "A problem (RFC 9457)",
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    },
  };
}

function content(call: Call): Record<string, unknown> {
  return {
    [call.produces ?? "application/json"]: call.reply === undefined ? {} : { schema: call.reply },
  };
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

/** What the loopback door wants; on the Unix socket the file's permissions are the proof. */
const securitySchemes = {
  token: { type: "http", scheme: "bearer", description: "Of programs: `aither dashboard --token`." },
  cookie: { type: "apiKey", in: "cookie", name: "aither_PORT", description: "Of browsers, together with the key." },
  key: { type: "apiKey", in: "header", name: "X-Aither-Key" },
};
const security = [{ token: [] }, { cookie: [], key: [] }, {}];

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
