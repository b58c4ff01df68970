/**
 * The door on 127.0.0.1. It exists only when somebody asks for it over a door that is there already, and closes when
 * its last session has been idle for an hour. Its port and its sessions outlive the daemon.
 */
import type { Outcome } from "@aither/engine";
import { problem, type Problem, type ProblemCode } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { FastifyInstance } from "fastify";
import type { Audit } from "../audit/audit-log.ts";
import { unlinkIfThere } from "../exit.ts";
import type { Log } from "../host.ts";
import { errorCode } from "../store/errors.ts";
import { Codes } from "./codes.ts";
import { Connections } from "./connections.ts";
import type { Doors, Invitation, Opened, Session } from "./face.ts";
import { limits } from "./limits.ts";
import { newSecret, newToken } from "./proofs.ts";
import { newRedirectFile, removeOldRedirectFiles, writeRedirectFile, type RedirectPlace } from "./redirect-file.ts";
import { SessionBook } from "./session-book.ts";
import { Tries } from "./tries.ts";

/** What the API asks at each request. */
export type Sessions = Pick<SessionBook, "ofToken" | "ofBrowser" | "used"> & { readonly connections: Connections };

type DoorOptions = {
  /** Where sessions and the port are kept. */
  readonly path: string;
  readonly redirect: RedirectPlace;
  readonly fs: DurableFs;
  readonly log: Log;
  readonly audit: Audit;
  readonly nowMs: () => number;
  /** The API behind this door. */
  readonly build: (port: () => number, sessions: Sessions) => FastifyInstance;
};

type Listener = { readonly api: FastifyInstance; readonly port: number };

export class LoopbackDoor implements Doors {
  readonly #options: DoorOptions;
  readonly #book: SessionBook;
  readonly #codes = new Codes();
  readonly #tries = new Tries(limits.exchangesPerMinuteMax);
  readonly #connections = new Connections();
  #listener: Listener | null = null;
  #sweep: NodeJS.Timeout | null = null;
  /** Opening and closing take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#book = new SessionBook(options);
  }

  /** After a restart: a page that is open finds the daemon where it was. */
  async start(): Promise<void> {
    const { nowMs, redirect } = this.#options;
    await removeOldRedirectFiles(redirect);
    await this.#book.load(nowMs());
    if (this.#book.port !== null && this.#isWanted(nowMs())) await this.#inTurn(() => this.#open());
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#codes.forgetAll();
      await this.#book.saveUse(Number.POSITIVE_INFINITY);
      await this.#close("the daemon stops");
    });
  }

  async invite({ kind, role, lifeMs }: Parameters<Doors["invite"]>[0]): Promise<Outcome<Invitation>> {
    return this.#inTurn(async () => {
      const nowMs = this.#options.nowMs();
      const life = lifeMs ?? limits.sessionLifeMs;
      this.#forgetOld(nowMs);
      if (this.#book.isFull) return refused("LIMIT_REACHED", `${limits.sessionsMax} sessions are open`);
      const { port } = await this.#open();
      const url = `http://127.0.0.1:${port}`;
      if (kind === "token") {
        const token = newToken();
        const { expiresAt } = await this.#book.add({ role, lifeMs: life, proof: { token } }, nowMs);
        return { ok: true, value: { kind, role, url, token, validUntil: expiresAt } };
      }
      const redirectFile = newRedirectFile(this.#options.redirect);
      const made = this.#codes.make({ role, lifeMs: life, port }, nowMs, () => {
        void unlinkIfThere(redirectFile).catch(() => undefined);
      });
      if (made === null) return refused("LIMIT_REACHED", `${limits.codesMax} links wait to be opened`);
      const link = `${url}/open#${made.code}`;
      await writeRedirectFile(redirectFile, link);
      const validUntil = new Date(made.untilMs).toISOString();
      return { ok: true, value: { kind, role, url: link, redirectFile, validUntil } };
    });
  }

  async exchange({ code, role }: Parameters<Doors["exchange"]>[0]): Promise<Outcome<Opened>> {
    const nowMs = this.#options.nowMs();
    if (!this.#tries.take(nowMs)) {
      return refused("LIMIT_REACHED", `more than ${limits.exchangesPerMinuteMax} tries in a minute`, {
        hint: "wait a minute, then open a new link: aither dashboard",
      });
    }
    const grant = this.#codes.spend(code, nowMs);
    const port = this.#listener?.port;
    const isFit = grant !== null && grant.port === port && (role === null || role === grant.role);
    if (!isFit) return refused("NO_SESSION", "this link was used already, is too old, or is for another daemon");
    if (this.#book.isFull) return refused("LIMIT_REACHED", `${limits.sessionsMax} sessions are open`);
    const [cookie, key] = [newSecret(), newSecret()];
    const session = await this.#book.add({ role: grant.role, lifeMs: grant.lifeMs, proof: { cookie, key } }, nowMs);
    return { ok: true, value: { session, secret: cookie, key, port: grant.port } };
  }

  sessions(): readonly Session[] {
    this.#forgetOld(this.#options.nowMs());
    return this.#book.sessions;
  }

  async revoke(id: string): Promise<boolean> {
    const gone = await this.#book.remove((session) => session.id === id, this.#options.nowMs());
    // Whoever ends the own session shall have the answer first.
    setImmediate(() => this.#connections.cut(gone));
    return gone.length > 0;
  }

  async revokeAll(): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const gone = await this.#forgetEverybody();
      // Whoever asked over this very door shall have the answer first.
      setImmediate(() => void this.#inTurn(() => this.#close("all sessions were revoked")));
      return gone;
    });
  }

  /** Links and sessions, and the port with them: nobody shall wait where we were. */
  async #forgetEverybody(): Promise<readonly string[]> {
    this.#codes.forgetAll();
    this.#book.port = null;
    const nowMs = this.#options.nowMs();
    const gone = await this.#book.remove(() => true, nowMs);
    if (gone.length === 0) await this.#book.save(nowMs);
    return gone;
  }

  async #open(): Promise<Listener> {
    if (this.#listener !== null && this.#listener.port === this.#book.port) return this.#listener;
    if (this.#listener !== null) await this.#close("its port was given up");
    const listener = await this.#listen();
    const { log, audit, nowMs } = this.#options;
    this.#listener = listener;
    if (this.#book.port !== listener.port) {
      this.#book.port = listener.port;
      await this.#book.save(nowMs());
    }
    this.#sweep = setInterval(() => void this.#look(), limits.sweepMs).unref();
    log.info({ port: listener.port }, "the loopback door is open");
    audit.write({ does: "door", outcome: "opened", port: listener.port });
    return listener;
  }

  async #listen(): Promise<Listener> {
    const wanted = this.#book.port ?? 0;
    try {
      return await this.#listenAt(wanted);
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE" || wanted === 0) throw error;
      // Somebody else is where pages and programs still look for us, and may have been shown what proves them.
      this.#options.log.warn({ port: wanted }, "another process listens on the port of last time; all sessions end");
      this.#connections.cut(await this.#forgetEverybody());
      return this.#listenAt(0);
    }
  }

  async #listenAt(port: number): Promise<Listener> {
    let bound = port;
    const api = this.#options.build(() => bound, {
      ofToken: (token, nowMs) => this.#book.ofToken(token, nowMs),
      ofBrowser: (cookies, key, nowMs) => this.#book.ofBrowser(cookies, key, nowMs),
      used: (session, nowMs) => this.#book.used(session, nowMs),
      connections: this.#connections,
    });
    try {
      await api.listen({ host: "127.0.0.1", port });
    } catch (error) {
      await api.close();
      throw error;
    }
    const address = api.server.address();
    if (typeof address === "object" && address !== null) bound = address.port;
    return { api, port: bound };
  }

  async #close(why: string): Promise<void> {
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#sweep = null;
    const listener = this.#listener;
    if (listener === null) return;
    this.#listener = null;
    await listener.api.close();
    const { log, audit } = this.#options;
    log.info({ port: listener.port, why }, "the loopback door is closed");
    audit.write({ does: "door", outcome: "closed", port: listener.port });
  }

  /** Every so often: who has ended goes, and the last one closes the door. */
  async #look(): Promise<void> {
    await this.#inTurn(async () => {
      const nowMs = this.#options.nowMs();
      this.#forgetOld(nowMs);
      await this.#book.saveUse(nowMs);
      if (!this.#isWanted(nowMs)) await this.#close("nobody uses it");
    }).catch((error: unknown) => this.#options.log.warn({ reason: String(error) }, "the sessions could not be kept"));
  }

  #forgetOld(nowMs: number): void {
    this.#codes.forgetOld(nowMs);
    this.#connections.cut(this.#book.forgetOld(nowMs));
  }

  /** A browser that did nothing for an hour is not waited for; who has a token was told how long it holds. */
  #isWanted(nowMs: number): boolean {
    if (this.#codes.waiting > 0) return true;
    return this.#book.sessions.some(
      ({ id, kind, lastUsedAt }) =>
        kind === "token" || this.#connections.has(id) || nowMs - Date.parse(lastUsedAt) < limits.idleMs,
    );
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(act);
    this.#turn = next.catch(() => undefined);
    return next;
  }
}

function refused(code: ProblemCode, detail: string, extras: { hint?: string } = {}): { ok: false; problem: Problem } {
  return { ok: false, problem: problem(code, detail, extras) };
}
