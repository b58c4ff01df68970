/** The doors as the API sees them: who may come in, and what makes them able to. */
import type { Outcome } from "@aither/engine";
import type { Role } from "@aither/protocol";

export type Door = "socket" | "tcp";

/** Who asks. */
export type Caller = {
  readonly door: Door;
  readonly role: Role | "anyone";
  /** For `by` in the events. */
  readonly by: string;
  /** Null on the socket, and for whoever has none yet. */
  readonly session: string | null;
};

/** As it is kept: never what proves it, only the SHA-256 of that. */
export type Session = {
  readonly id: string;
  readonly kind: "browser" | "token";
  readonly role: Role;
  /** ISO 8601, as all times here. */
  readonly createdAt: string;
  readonly expiresAt: string;
  lastUsedAt: string;
};

export type Invitation = {
  readonly kind: "link" | "token";
  readonly role: Role;
  readonly url: string;
  readonly token?: string;
  readonly redirectFile?: string;
  readonly validUntil: string;
};

export type Opened = {
  readonly session: Session;
  /** Of the cookie. */
  readonly secret: string;
  readonly key: string;
  readonly port: number;
};

export interface Doors {
  /** Opens the loopback door if it is not, and makes a link or a token. */
  invite(wanted: { kind: "link" | "token"; role: Role; lifeMs: number | null }): Promise<Outcome<Invitation>>;
  /** Changes a link's code for a session; the code is spent whatever comes of it. */
  exchange(given: { code: string; role: Role | null }): Promise<Outcome<Opened>>;
  sessions(): readonly Session[];
  /** Ends a session with its connections; false when there is no such. */
  revoke(id: string): Promise<boolean>;
  /** Ends all, closes the loopback door and forgets its port. Gives the ids. */
  revokeAll(): Promise<readonly string[]>;
}
