/** What the harness itself promised to remember while it tormented: nothing of it comes from the daemon's own state. */
import type { Harm, JobHistory } from "./history.ts";
import type { JobSpec } from "./workload.ts";

export class Diary {
  readonly #jobs = new Map<string, { spec: JobSpec; acked: string[]; cancelAckedAtMs: number | null }>();
  readonly harms = new Map<string, Set<Harm>>();
  readonly published: { jobId: string; text: string }[] = [];
  readonly withoutIntent: string[] = [];
  readonly unaskedEnds: string[] = [];
  readonly strayedSignals: string[] = [];
  daemonsAtOnce = 0;
  /** Victims by kind. */
  readonly kills: Record<string, number> = {};

  constructor(specs: readonly JobSpec[]) {
    for (const spec of specs) this.#jobs.set(spec.key, { spec, acked: [], cancelAckedAtMs: null });
  }

  accepted(key: string, jobId: string): void {
    this.#jobs.get(key)?.acked.push(jobId);
  }

  cancelled(key: string): void {
    const job = this.#jobs.get(key);
    if (job !== undefined) job.cancelAckedAtMs ??= Date.now();
  }

  /** To be called before the deed, so that no end can be seen that has no excuse yet. */
  harm(marker: string, harm: Harm): void {
    this.harms.set(marker, (this.harms.get(marker) ?? new Set()).add(harm));
  }

  killed(what: string): void {
    this.kills[what] = (this.kills[what] ?? 0) + 1;
  }

  get jobs(): readonly JobHistory[] {
    return [...this.#jobs.values()];
  }

  get jobIds(): string[] {
    return [...new Set(this.jobs.flatMap(({ acked }) => acked))];
  }
}
