import type { Role } from "@aither/protocol";
import { limits } from "./limits.ts";
import { digestOf, isSameDigest, newSecret } from "./proofs.ts";

/** What a code is good for. It is bound to the listener whose link it is in. */
export type Grant = { readonly role: Role; readonly lifeMs: number; readonly port: number };

type Code = Grant & { readonly digest: string; readonly untilMs: number; readonly onGone: () => void };

/** Codes of links: one use, one minute, in memory only. */
export class Codes {
  #codes: Code[] = [];

  /** Null when too many wait to be used. `onGone` is called once it is used or too late. */
  make(grant: Grant, nowMs: number, onGone: () => void): { code: string; untilMs: number } | null {
    this.forgetOld(nowMs);
    if (this.#codes.length >= limits.codesMax) return null;
    const code = newSecret();
    const untilMs = nowMs + limits.codeLifeMs;
    this.#codes.push({ ...grant, digest: digestOf(code), untilMs, onGone });
    return { code, untilMs };
  }

  /** What it is good for; null when it is wrong, late or used. It is spent in any case. */
  spend(code: string, nowMs: number): Grant | null {
    this.forgetOld(nowMs);
    const digest = digestOf(code);
    const found = this.#codes.filter((one) => isSameDigest(one.digest, digest))[0];
    if (found === undefined) return null;
    this.#drop((one) => one !== found);
    return { role: found.role, lifeMs: found.lifeMs, port: found.port };
  }

  forgetOld(nowMs: number): void {
    this.#drop(({ untilMs }) => untilMs > nowMs);
  }

  forgetAll(): void {
    this.#drop(() => false);
  }

  get waiting(): number {
    return this.#codes.length;
  }

  #drop(stays: (code: Code) => boolean): void {
    const gone = this.#codes.filter((code) => !stays(code));
    this.#codes = this.#codes.filter(stays);
    for (const { onGone } of gone) onGone();
  }
}
