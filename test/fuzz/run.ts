/**
 * The long run:
 *
 *   npm run test:fuzz                                  1,000,000 inputs over all rows
 *   npm run test:fuzz -- --inputs 50000 --only cli     rows whose name begins so
 *   npm run test:fuzz -- --seed 4711 --only cli/parse  the inputs of one seed again
 *   npm run test:fuzz -- --minutes 10                  at most so long
 *   npm run test:fuzz -- --only routes                 requests at a daemon's door: 2,000, or --inputs N
 */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { campaign, tableLines } from "./lib/campaign.ts";
import { askAll, DOOR } from "./lib/door-campaign.ts";
import { targets } from "./targets/index.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    only: { type: "string", default: "" },
    inputs: { type: "string" },
    minutes: { type: "string", default: "600" },
    workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
  },
});

const INPUTS = 1_000_000;
/** One batch: what a printed line asks for. */
const REPLAYED = 250;

const exact = targets.filter(({ name }) => name === values.only);
const chosen = exact.length > 0 ? exact : targets.filter(({ name }) => name.startsWith(values.only));
const seed = values.seed === undefined ? randomInt(1, 2 ** 30) : Number(values.seed);
if (values.only === DOOR) {
  const { asked, byStatus } = await askAll({
    seed,
    count: Number(values.inputs ?? 2_000),
    limitMs: Number(values.minutes) * 60_000,
  });
  console.log(`${asked} requests from seed ${seed}: ${JSON.stringify(byStatus)}`);
  process.exit(0);
}
if (chosen.length === 0 || !Number.isInteger(seed)) {
  console.error(`There is no such row or seed. Rows: ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const inputs = Number(
  values.inputs ?? (values.seed === undefined || values.only === "" ? INPUTS : REPLAYED * chosen.length),
);
const workers = chosen.length === 1 ? 1 : Number(values.workers);
console.log(`seed ${seed}, ${inputs} inputs over ${chosen.length} rows`);
const startedAt = performance.now();
const rows = await campaign({
  targets: chosen,
  seed,
  inputs,
  workers,
  limitMs: Number(values.minutes) * 60_000,
  say: (line) => console.log(line),
});
for (const line of tableLines(rows)) console.log(line);
const total = rows.reduce((sum, row) => sum + row.inputs, 0);
const found = rows.reduce((sum, row) => sum + row.failures.length, 0);
console.log(
  `${total} inputs in ${Math.round((performance.now() - startedAt) / 1_000)} s from seed ${seed}: ${found} found`,
);
process.exitCode = found === 0 ? 0 : 1;
