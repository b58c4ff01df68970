// Everything that is printed from the shapes of @aither/protocol. Pure: path → text. `npm run gen` writes it, and
// a test compares it with what is committed.
import { problems, routes, API_VERSION, EVENT_VERSION } from "@aither/protocol";
import type { RouteName } from "@aither/protocol";
import { contracts, eventSchemas, playbookFileSchema } from "@aither/protocol/contracts";
import { openApiDocument } from "@aither/protocol/openapi";
import { eventsPage } from "./generate-events.ts";
import { apiPage } from "./generate-api.ts";
import { settingsPage } from "./generate-settings.ts";
import type { Call, Schema } from "./schema.ts";

const dialect = "https://json-schema.org/draft/2020-12/schema";

/** All generated files: path relative to the repository → text. */
export function generate(): ReadonlyMap<string, string> {
  const events = plain(eventSchemas) as Readonly<Record<string, Schema>>;
  const calls = (Object.keys(routes) as RouteName[]).map((name): Call => ({
    name,
    ...routes[name],
    ...(plain(contracts[name]) as Omit<Call, "name" | "method" | "path">),
  }));
  return new Map([
    ["schemas/playbook.json", json({ $schema: dialect, ...plain(playbookFileSchema) })],
    ["schemas/event.json", json({ ...head("An event of a job's journal"), ...oneOf(events) })],
    [
      "schemas/plan.json",
      json({
        ...head("A plan: a playbook resolved for one run"),
        ...events["OrchestrationQueued"]?.properties?.["plan"],
      }),
    ],
    ["schemas/job.json", json({ ...head("A job, whole"), ...plain(contracts.showJob.reply) })],
    ["schemas/openapi.json", json(openApiDocument())],
    ["docs/events.md", eventsPage(events, EVENT_VERSION)],
    ["docs/errors.md", errorsPage()],
    ["docs/settings.md", settingsPage()],
    ["docs/api.md", apiPage(calls, API_VERSION)],
  ]);
}

function head(title: string): Record<string, unknown> {
  return { $schema: dialect, title };
}

function oneOf(schemas: Readonly<Record<string, Schema>>): Record<string, unknown> {
  return { oneOf: Object.keys(schemas).map((name) => ({ $ref: `#/$defs/${name}` })), $defs: schemas };
}

/** Drops what JSON cannot say (the schema library's own marks). */
function plain(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function errorsPage(): string {
  const rows = Object.entries(problems).map(
    ([code, entry]) => `| \`AITHER_E_${code}\` | ${entry.title} | ${entry.status} | ${entry.exit} | ${entry.hint} |`,
  );
  return [
    "# Errors",
    "",
    "Printed by `npm run gen` from `packages/protocol/src/problem.ts`; edit that file.",
    "",
    "The API answers with `application/problem+json` (RFC 9457); the command line prints the same detail and hint, and",
    "ends with the exit code of the row. With `--json` the whole document is on stderr.",
    "",
    "| code | what is wrong | HTTP status | exit code | what to do |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
