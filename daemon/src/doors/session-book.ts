/** Sessions of the loopback door, in memory and in one file (0600) that outlives the daemon. */
import type { Role } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Log } from "../host.ts";
import { errorCode } from "../store/errors.ts";
import type { Session } from "./face.ts";
import { limits } from "./limits.ts";
import { digestOf, isSameDigest, newId } from "./proofs.ts";

/** Of a browser both digests are wanted, of a program that of its token. */
type Proof = { readonly cookie: string; readonly key: string } | { readonly token: string };
type Entry = Session & { readonly proof: Proof };

type Document = { readonly version: 1; readonly port: number | null; readonly sessions: readonly Entry[] };

type BookOptions = { readonly path: string; readonly fs: DurableFs; readonly log: Log };

export type NewSession = {
  readonly role: Role;
  readonly lifeMs: number;
  readonly proof: { readonly cookie: string; readonly key: string } | { readonly token: string };
};

export class SessionBook {
  readonly #options: BookOptions;
  /** The listener's port of last time, so that a page that is open finds the next daemon. */
  port: number | null = null;
  #entries: Entry[] = [];
  #saving: Promise<void> = Promise.resolve();
  #savedAtMs = 0;
  #isUsed = false;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** A file that cannot be read is set aside: nobody comes in by what it may have said. */
  async load(nowMs: number): Promise<void> {
    const { path, fs, log } = this.#options;
    try {
      const { version, port, sessions } = JSON.parse((await fs.readFile(path)).toString("utf8")) as Document;
      if (version !== 1 || !Array.isArray(sessions)) throw new Error("it is of no version that is known here");
      this.port = port;
      this.#entries = [...sessions];
      this.forgetOld(nowMs);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      log.warn({ path, reason: String(error) }, "the sessions cannot be read; there are none now");
      this.#entries = [];
      await fs.rename(path, `${path}.unreadable`).catch(() => undefined);
    }
  }

  get sessions(): readonly Session[] {
    return this.#entries;
  }

  get isFull(): boolean {
    return this.#entries.length >= limits.sessionsMax;
  }

  /** Durable when it resolves. Of the proof only digests are kept. */
  async add({ role, lifeMs, proof }: NewSession, nowMs: number): Promise<Session> {
    const now = new Date(nowMs).toISOString();
    const entry: Entry = {
      id: newId(),
      kind: "token" in proof ? "token" : "browser",
      role,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: new Date(nowMs + lifeMs).toISOString(),
      proof:
        "token" in proof
          ? { token: digestOf(proof.token) }
          : { cookie: digestOf(proof.cookie), key: digestOf(proof.key) },
    };
    this.#entries.push(entry);
    await this.save(nowMs);
    return entry;
  }

  ofToken(token: string, nowMs: number): Session | null {
    const digest = digestOf(token);
    return this.#find(nowMs, ({ proof }) => "token" in proof && isSameDigest(proof.token, digest));
  }

  /** A page may carry several cookies of one name (another port's page can set some): one of them must fit. */
  ofBrowser(cookies: readonly string[], key: string, nowMs: number): Session | null {
    const keyDigest = digestOf(key);
    const digests = cookies.map(digestOf);
    return this.#find(
      nowMs,
      ({ proof }) =>
        "key" in proof &&
        isSameDigest(proof.key, keyDigest) &&
        digests.some((digest) => isSameDigest(proof.cookie, digest)),
    );
  }

  used(session: Session, nowMs: number): void {
    session.lastUsedAt = new Date(nowMs).toISOString();
    this.#isUsed = true;
  }

  /** Ids of those that were removed; durable when it resolves. */
  async remove(isGone: (session: Session) => boolean, nowMs: number): Promise<readonly string[]> {
    const gone = this.#entries.filter(isGone).map(({ id }) => id);
    if (gone.length === 0) return gone;
    this.#entries = this.#entries.filter((entry) => !gone.includes(entry.id));
    await this.save(nowMs);
    return gone;
  }

  /** Ids of those whose time is over. */
  forgetOld(nowMs: number): readonly string[] {
    const gone = this.#entries.filter(({ expiresAt }) => Date.parse(expiresAt) <= nowMs).map(({ id }) => id);
    if (gone.length > 0) this.#entries = this.#entries.filter(({ id }) => !gone.includes(id));
    return gone;
  }

  async saveUse(nowMs: number): Promise<void> {
    if (this.#isUsed && nowMs - this.#savedAtMs >= limits.lastUseSavedMs) await this.save(nowMs);
  }

  /** One write at a time, and the last one tells all. */
  async save(nowMs: number): Promise<void> {
    this.#isUsed = false;
    this.#savedAtMs = nowMs;
    const { path, fs } = this.#options;
    const write = async (): Promise<void> => {
      const document: Document = { version: 1, port: this.port, sessions: this.#entries };
      await fs.writeAtomic(path, Buffer.from(`${JSON.stringify(document, null, 2)}\n`));
    };
    const next = this.#saving.then(write);
    this.#saving = next.catch(() => undefined);
    await next;
  }

  #find(nowMs: number, fits: (entry: Entry) => boolean): Session | null {
    // All are looked at, so that the time it takes says nothing.
    const found = this.#entries.filter(fits)[0];
    return found === undefined || Date.parse(found.expiresAt) <= nowMs ? null : found;
  }
}
