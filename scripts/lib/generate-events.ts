import { fieldRows } from "./describe-schema.ts";
import type { Schema } from "./schema.ts";

const envelope = new Set(["v", "seq", "time", "jobId", "type"]);

const groups = [
  { title: "The job", prefix: "Orchestration" },
  { title: "Stages", prefix: "Stage" },
  { title: "Scripts", prefix: "Script" },
] as const;

/** docs/events.md. */
export function eventsPage(events: Readonly<Record<string, Schema>>, version: number): string {
  return [
    "# Events",
    "",
    "Printed by `npm run gen` from `packages/protocol/src/events/`; edit those files.",
    "",
    "A job is a list of facts. Each is one line of `events.ndjson`, one frame of a socket and one line of",
    "`aither jobs events`. All carry the same envelope:",
    "",
    "| field | meaning |",
    "|---|---|",
    `| \`v\` | version of the vocabulary, now ${version}; it grows with every event or field that means something |`,
    "| `seq` | 1, 2, 3 … within the job, without a gap |",
    "| `time` | ISO 8601, UTC, with milliseconds; it decides nothing |",
    "| `jobId` | the job |",
    "| `type` | one of the names below; readers skip names they do not know |",
    "",
    ...groups.flatMap((group) => [
      `## ${group.title}`,
      "",
      ...Object.entries(events)
        .filter(([name]) => name.startsWith(group.prefix))
        .flatMap(([name, schema]) => section(name, schema)),
    ]),
  ].join("\n");
}

function section(name: string, schema: Schema): readonly string[] {
  const rows = fieldRows(schema, envelope);
  const table = rows.length === 0 ? [] : ["| field | shape | meaning |", "|---|---|---|", ...rows, ""];
  return [`### ${name}`, "", schema.description ?? "", "", ...table];
}
