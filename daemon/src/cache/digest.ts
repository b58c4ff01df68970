import { createHash, createHmac } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** sha256 of a text, in lower-case hex. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** sha256 of a file's content, in lower-case hex. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

/**
 * Stands for a text that may be secret: equal texts have equal seals, and without this home's own secret nobody can try
 * which text is behind one.
 */
export type Seal = (text: string) => string;

export function sealWith(secret: Buffer): Seal {
  return (text) => createHmac("sha256", secret).update(text).digest("hex").slice(0, 32);
}

const PROGRAMS_MAX = 200;

/** Digests of programs, which are large and rarely change: read again when size, times or place say so. */
export class Programs {
  readonly #known = new Map<string, { readonly stamp: string; readonly digest: Promise<string> }>();

  async digest(path: string): Promise<string> {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    const stamp = [dev, ino, size, mtimeMs, ctimeMs].join(" ");
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.digest;
    const digest = digestOfFile(path);
    digest.catch(() => this.#known.delete(path));
    this.#known.delete(path);
    this.#known.set(path, { stamp, digest });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= PROGRAMS_MAX) break;
      this.#known.delete(oldest);
    }
    return digest;
  }
}
