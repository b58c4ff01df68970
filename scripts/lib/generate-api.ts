import { fieldRows } from "./describe-schema.ts";
import type { Call, Schema } from "./schema.ts";

const nothing: ReadonlySet<string> = new Set();

/** docs/api.md. */
export function apiPage(calls: readonly Call[], apiVersion: string): string {
  return [
    "# The API",
    "",
    "Printed by `npm run gen` from `packages/protocol/src/routes.ts` and `contracts.ts`; edit those files. The same as a",
    "document for tools: [openapi.json](../schemas/openapi.json), and `GET /api/openapi.json` of a running daemon.",
    "",
    "The paths are the same on the Unix socket, where the file's permissions are the check, and wherever else the daemon",
    `listens. Every document carries \`apiVersion: "${apiVersion}"\`; errors are [problem documents](errors.md).`,
    "",
    "Each call names the role that it takes at the least; the socket's callers are `admin`. What else `admin` alone may is",
    "in [doors.md](doors.md#roles).",
    "",
    ...calls.flatMap(section),
  ].join("\n");
}

function section(call: Call): readonly string[] {
  return [
    `## ${call.name}`,
    "",
    `\`${call.method} ${call.path}\` → ${call.status} · ${call.role} · ${call.summary}.`,
    "",
    ...part("query", call.query),
    ...part("body", call.body),
    ...(call.produces === undefined ? part("reply", call.reply) : [`Answers with \`${call.produces}\`.`, ""]),
  ];
}

function part(title: string, schema: Schema | undefined): readonly string[] {
  if (schema === undefined) return [];
  const rows = fieldRows(schema, nothing);
  if (rows.length === 0) return [];
  return [`| ${title} | shape | meaning |`, "|---|---|---|", ...rows, ""];
}
