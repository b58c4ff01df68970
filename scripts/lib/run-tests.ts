// Runs test files through `node:test`, one process a file, and says loudly what failed. The counts are those of
// single tests; a test that only failed because one inside it failed is not counted twice.
import { relative } from "node:path";
import { run } from "node:test";
import { root } from "./root.ts";

export type Counts = { passed: number; failed: number; skipped: number };

export type RunOptions = {
  readonly title: string;
  /** Paths relative to the repository. */
  readonly files: readonly string[];
  readonly concurrency: number;
  readonly fileTimeoutMs: number;
};

/** What `node:test` reports, as far as it is used here; the types of Node 20 leave most of it open. */
type Report = {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly message?: string;
    readonly skip?: string | boolean;
    readonly details?: { readonly duration_ms?: number; readonly type?: string; readonly error?: unknown };
  };
};

type Failure = { readonly file: string; readonly name: string; readonly error: unknown };

/** Runs the files and prints one line for each; the details of every failure follow at once. */
export async function runTests(options: RunOptions): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (options.files.length === 0) return counts;
  const startedAt = performance.now();
  const output = new Map<string, string>();
  const seen = new Set<string>();
  const absolute = options.files.map((file) => `${root}/${file}`);
  const stream = run({ files: absolute, concurrency: options.concurrency, timeout: options.fileTimeoutMs });
  for await (const report of stream as AsyncIterable<Report>) {
    const file = relative(root, report.data.file ?? "");
    if (report.type === "test:stdout" || report.type === "test:stderr") {
      output.set(file, ((output.get(file) ?? "") + (report.data.message ?? "")).slice(-200_000));
    }
    if (report.type === "test:pass" || report.type === "test:fail") {
      seen.add(file);
      const failure = count(report, file, counts);
      if (failure !== null) print(failure, output);
    }
  }
  failSilentFiles(options.files, seen, counts);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(
    `${mark(counts)} ${options.title}: ${counts.passed} passed, ${counts.failed} failed${skipped} (${options.files.length} files, ${seconds} s)`,
  );
  return counts;
}

function count(report: Report, file: string, counts: Counts): Failure | null {
  const { data } = report;
  if (report.type === "test:pass") {
    if (data.details?.type === "suite") return null;
    if (data.skip !== undefined && data.skip !== false) {
      counts.skipped += 1;
      console.log(`  - skipped: ${file}: ${data.name ?? ""} (${String(data.skip)})`);
    } else counts.passed += 1;
    return null;
  }
  const error = data.details?.error as { failureType?: string } | undefined;
  if (error?.failureType === "subtestsFailed") return null;
  counts.failed += 1;
  return { file, name: data.name ?? "", error };
}

/** A file that reported nothing at all has not tested anything, whatever its exit code says. */
function failSilentFiles(files: readonly string[], seen: ReadonlySet<string>, counts: Counts): void {
  for (const file of files) {
    if (seen.has(file)) continue;
    counts.failed += 1;
    console.log(`✗ ${file}: no test ran`);
  }
}

function print(failure: Failure, output: ReadonlyMap<string, string>): void {
  const name = failure.name.endsWith(failure.file) ? "the file as a whole" : failure.name;
  console.log(`\n✗ ${failure.file}: ${name}`);
  console.log(indent(describe(failure.error)));
  const printed = output.get(failure.file);
  if (printed !== undefined && printed.trim() !== "")
    console.log(indent(`--- what it printed ---\n${printed.trimEnd()}`));
  console.log("");
}

function describe(error: unknown): string {
  const outer = error as { message?: string; cause?: unknown } | undefined;
  const cause = outer?.cause;
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return typeof cause === "string" ? cause : (outer?.message ?? String(error));
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}

function mark(counts: Counts): string {
  return counts.failed === 0 ? "✓" : "✗";
}

/** Adds the second to the first. */
export function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}
