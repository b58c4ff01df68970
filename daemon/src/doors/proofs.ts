/** What proves a session. Only digests are kept, and digests are compared in constant time. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const SECRET_BYTES = 32;

/** 256 bits, in letters that fit into a cookie, a header and a sub-protocol. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Told apart at sight from everything else, also by those who look for leaked tokens. */
export function newToken(): string {
  return `aither_${newSecret()}`;
}

export function newId(): string {
  return randomBytes(6).toString("hex");
}

export function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && a.length > 0 && timingSafeEqual(a, b);
}
