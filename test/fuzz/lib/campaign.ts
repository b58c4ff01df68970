/** A run over the table: how many inputs of each row, from which seeds, and what was found. */
import { openPool } from "./watch.ts";
import type { Batch, Failure } from "./protocol.ts";
import type { Target } from "./target.ts";

export type Order = {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Over all rows, by their shares. */
  readonly inputs: number;
  readonly workers: number;
  /** No new batch is begun after so long. */
  readonly limitMs: number;
  readonly say: (line: string) => void;
};

export type RowResult = { name: string; inputs: number; ms: number; failures: Failure[] };

const BATCH_RUNS = 250;
/** A row that fails so often is left: the rest would say the same. */
const FAILURES_MAX = 5;

export async function campaign(order: Order): Promise<RowResult[]> {
  const { targets, inputs, workers, limitMs, say } = order;
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const rows = targets.map((target) => ({
    result: { name: target.name, inputs: 0, ms: 0, failures: [] } as RowResult,
    left: Math.ceil((inputs * target.share) / shares),
    seed: order.seed,
  }));
  const until = performance.now() + limitMs;
  await using pool = openPool(targets, workers);
  const next = (): Batch | null => {
    if (performance.now() > until) return null;
    // The row that is furthest behind: all rows come forward together.
    const [row] = rows
      .filter(({ left, result }) => left > 0 && result.failures.length < FAILURES_MAX)
      .sort((a, b) => a.result.ms - b.result.ms || b.left - a.left);
    if (row === undefined) return null;
    const runs = Math.min(BATCH_RUNS, row.left);
    row.left -= runs;
    row.seed += 1;
    // Counted as busy, so that the other worker takes another row.
    row.result.ms += 1;
    return { name: row.result.name, seed: row.seed - 1, runs };
  };
  const work = async (): Promise<void> => {
    for (let batch = next(); batch !== null; batch = next()) {
      const report = await pool.run(batch);
      const { result } = rows.find((row) => row.result.name === batch.name)!;
      result.inputs += report.runs;
      result.ms += report.ms;
      if (report.failure === null || isKnown(result, report.failure)) continue;
      result.failures.push(report.failure);
      for (const line of failureLines(report.failure)) say(line);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return rows.map(({ result }) => result);
}

function isKnown({ failures }: RowResult, { reason }: Failure): boolean {
  const first = (text: string): string => text.split("\n").slice(0, 3).join("\n").replaceAll(/\d+/g, "0");
  return failures.some((one) => first(one.reason) === first(reason));
}

export function failureLines({ batch, run, input, reason }: Failure): string[] {
  return [`✗ ${batch.name}, input ${run} of seed ${batch.seed}`, reason, `input: ${input}`, replay(batch), ""];
}

/** The command that makes the same inputs again. */
export function replay({ name, seed }: Pick<Batch, "name" | "seed">): string {
  return `npm run test:fuzz -- --seed ${seed} --only ${name}`;
}

export function tableLines(rows: readonly RowResult[]): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, inputs, ms, failures }) => {
    const found = failures.length === 0 ? "" : `  ${failures.length} found`;
    return `${name.padEnd(width)} ${String(inputs).padStart(8)} inputs ${(ms / 1_000).toFixed(1).padStart(7)} s${found}`;
  });
}
