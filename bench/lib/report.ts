import { cpus, loadavg } from "node:os";
import type { Measurement } from "./measurements.ts";
import { short, spread } from "./statistics.ts";

type Ratio = { readonly name: string; readonly of: string; readonly to: string; readonly aim: string };

/** Medians of one run against each other: what a slow or busy machine cannot change much. */
const ratios: readonly Ratio[] = [
  {
    name: "R16 / scripts a second",
    of: "posix_spawn /bin/true, 16 in flight (R16)",
    to: "scripts started and ended, durable, 16 at once",
    aim: "≤ 15",
  },
  { name: "jobs list / node -e 0, wall", of: "aither jobs list, wall", to: "node -e 0, wall", aim: "≤ 1.9" },
  { name: "jobs list / node -e 0, CPU", of: "aither jobs list, CPU", to: "node -e 0, CPU", aim: "≤ 1.9" },
];

/** The results as a page and as data. */
export function report(
  chosen: readonly Measurement[],
  samples: ReadonlyMap<string, readonly number[]>,
  idleMb: number,
): { text: string; data: unknown } {
  const rows = chosen.map((one) => ({ name: one.name, unit: one.unit, ...spread(samples.get(one.name) ?? []) }));
  const median = (name: string): number => rows.find((row) => row.name === name)?.p50 ?? Number.NaN;
  const compared = ratios.map((ratio) => ({ ...ratio, value: median(ratio.of) / median(ratio.to) }));
  const text = [
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
    "",
    "| what | unit | p50 | p99 | min | max | samples |",
    "|---|---|---|---|---|---|---|",
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.unit} | ${[row.p50, row.p99, row.min, row.max].map(short).join(" | ")} | ${row.count} |`,
    ),
    `| daemon, idle, resident | MB | ${short(idleMb)} | | | | 1 |`,
    "",
    "| ratio of medians | value | aim |",
    "|---|---|---|",
    ...compared.map((ratio) => `| ${ratio.name} | ${short(ratio.value)} | ${ratio.aim} |`),
  ].join("\n");
  return { text, data: { at: new Date().toISOString(), node: process.version, idleMb, rows, ratios: compared } };
}
