/** The maskers of jobs. Jobs with the same secrets, which are most jobs of one person, share one. */
import type { JobId } from "@aither/protocol";
import type { Log, Origin, Secrets } from "../host.ts";
import { isLongEnough } from "./forms.ts";
import { Masker } from "./masker.ts";

/** Beyond this, what the engine does not remember is forgotten, and read again when somebody asks. */
const JOBS_MAX = 4_096;
const MASKERS_MAX = 64;
/** What the scripts of a job may name as secret, in bytes: its matcher is hundreds of times as large. */
const LEARNED_BYTES_MAX = 64 * 1024;
/** For so many each one counts at least. */
const LEARNED_BYTES_MIN = 128;

export type JobSecretsOptions = {
  readonly read: (jobId: JobId) => Promise<Origin | null>;
  /** The same of a job that is open, at once. */
  readonly readNow: (jobId: JobId) => Origin | null;
  readonly learned: {
    readonly read: (jobId: JobId) => Promise<Named>;
    readonly readNow: (jobId: JobId) => Named;
    /** Durable when it resolves. */
    readonly write: (jobId: JobId, named: Named) => Promise<void>;
  };
  /** Whether it may be asked for without time to read. */
  readonly isRemembered: (jobId: JobId) => boolean;
  readonly log: Log;
};

/** What the scripts of a job named as secret; `isOver`: more than is masked. */
export type Named = { readonly values: readonly string[]; readonly isOver: boolean };

const NONE: Named = { values: [], isOver: false };

type Known = {
  readonly given: readonly string[];
  /** Of the given ones alone. */
  readonly masker: Masker | null;
  /** It only ever grows. */
  named: Named;
  /** Of all, as long as somebody reads by it; made when somebody asks. */
  whole: WeakRef<Masker> | null;
  /** So much of it is durable. */
  durable: Named;
};

export class JobSecrets implements Secrets {
  readonly #options: JobSecretsOptions;
  /** In order of first use. */
  readonly #known = new Map<JobId, Known>();
  /** By values, in order of use. */
  readonly #maskers = new Map<string, Masker>();
  readonly #writing = new Map<JobId, Promise<void>>();

  constructor(options: JobSecretsOptions) {
    this.#options = options;
  }

  async of(jobId: JobId): Promise<Masker | null> {
    return maskerOf(await this.#knownOf(jobId));
  }

  now(jobId: JobId): Masker | null {
    return maskerOf(this.#knownNow(jobId));
  }

  /** Of a job that nobody has run yet. */
  keep(jobId: JobId, origin: Origin | null): void {
    this.#keep(jobId, valuesOf(origin), NONE);
  }

  learn(jobId: JobId, values: readonly string[]): void {
    const known = this.#known.get(jobId) ?? this.#openNow(jobId);
    if (known === null) return;
    const { values: learned, isOver } = known.named;
    const seen = new Set([...known.given, ...learned]);
    const fresh = [...new Set(values)].filter((value) => isLongEnough(value) && !seen.has(value));
    let left = LEARNED_BYTES_MAX - learned.reduce((sum, value) => sum + costOf(value), 0);
    const kept = fresh.filter((value) => {
      const cost = costOf(value);
      if (cost > left) return false;
      left -= cost;
      return true;
    });
    const isMore = kept.length < fresh.length;
    if (isMore && !isOver) {
      const most = LEARNED_BYTES_MAX;
      this.#options.log.warn({ jobId, most }, "a job's scripts name more secrets, in bytes, than are masked");
    }
    if (kept.length === 0 && isMore <= isOver) return;
    known.named = { values: [...learned, ...kept], isOver: isOver || isMore };
    if (kept.length > 0) known.whole = null;
    this.#write(jobId, known);
  }

  async isOver(jobId: JobId): Promise<boolean> {
    return (await this.#knownOf(jobId)).named.isOver;
  }

  peek(jobId: JobId): Masker | null | undefined {
    const known = this.#known.get(jobId);
    return known === undefined ? undefined : maskerOf(known);
  }

  async settled(jobId: JobId): Promise<void> {
    // What cannot be kept was logged; this daemon knows it all the same.
    await this.#writing.get(jobId)?.catch(() => undefined);
  }

  async inherit(jobId: JobId, parent: JobId): Promise<void> {
    const { values } = (await this.#knownOf(parent)).named;
    if (values.length === 0) return;
    this.learn(jobId, values);
    await this.#writing.get(jobId);
  }

  among(values: readonly string[]): Masker | null {
    if (values.length === 0) return null;
    const key = JSON.stringify([...new Set(values)].toSorted());
    const masker = this.#maskers.get(key) ?? new Masker(values);
    this.#maskers.delete(key);
    this.#maskers.set(key, masker);
    for (const oldest of this.#maskers.keys()) {
      if (this.#maskers.size <= MASKERS_MAX) break;
      this.#maskers.delete(oldest);
    }
    return masker.isEmpty ? null : masker;
  }

  /** For a thread of its own, which makes a masker of them. */
  async values(jobId: JobId): Promise<readonly string[]> {
    const { masker, given, named } = await this.#knownOf(jobId);
    return masker === null ? named.values : [...given, ...named.values];
  }

  forget(jobId: JobId): void {
    this.#known.delete(jobId);
  }

  async #knownOf(jobId: JobId): Promise<Known> {
    const known = this.#known.get(jobId);
    if (known !== undefined) return known;
    const { read, learned } = this.#options;
    const [origin, named] = await Promise.all([read(jobId), learned.read(jobId)]);
    // Something may have been learned meanwhile.
    return this.#known.get(jobId) ?? this.#keep(jobId, valuesOf(origin), named);
  }

  #knownNow(jobId: JobId): Known {
    return this.#known.get(jobId) ?? this.#openNow(jobId) ?? this.#keep(jobId, [], NONE);
  }

  /** Null of a job that is not open: of such a one all is known that there will ever be. */
  #openNow(jobId: JobId): Known | null {
    const origin = this.#options.readNow(jobId);
    return origin === null ? null : this.#keep(jobId, valuesOf(origin), this.#options.learned.readNow(jobId));
  }

  #keep(jobId: JobId, given: readonly string[], named: Named): Known {
    const known = { given, masker: this.among(given), named, whole: null, durable: named };
    this.#known.set(jobId, known);
    if (this.#known.size > JOBS_MAX) this.#forgetOld();
    return known;
  }

  /** One after the other; what was named while one was on its way is in the next one. */
  #write(jobId: JobId, known: Known): void {
    const before = this.#writing.get(jobId) ?? Promise.resolve();
    const writing = before
      .catch(() => undefined)
      .then(async () => {
        const { named } = known;
        if (known.durable === named) return;
        await this.#options.learned.write(jobId, named);
        known.durable = named;
      });
    this.#writing.set(jobId, writing);
    writing
      .catch((error: unknown) =>
        this.#options.log.error({ jobId, reason: String(error) }, "what a script named as secret could not be kept"),
      )
      .finally(() => {
        if (this.#writing.get(jobId) === writing) this.#writing.delete(jobId);
      });
  }

  /** A quarter at once, so that it is not done for each job. */
  #forgetOld(): void {
    let left = JOBS_MAX / 4;
    for (const jobId of this.#known.keys()) {
      if (left === 0) return;
      if (this.#options.isRemembered(jobId) || this.#writing.has(jobId)) continue;
      this.#known.delete(jobId);
      left -= 1;
    }
  }
}

/** Not kept by the job: what scripts name may be long, and they may name it one by one. */
function maskerOf(known: Known): Masker | null {
  if (known.named.values.length === 0) return known.masker;
  const found = known.whole?.deref();
  if (found !== undefined) return found;
  const made = new Masker(known.given, known.named.values);
  known.whole = new WeakRef(made);
  return made;
}

function costOf(value: string): number {
  return Math.max(LEARNED_BYTES_MIN, Buffer.byteLength(value));
}

function valuesOf(origin: Origin | null): readonly string[] {
  return (origin?.secrets ?? []).map(({ value }) => value);
}
