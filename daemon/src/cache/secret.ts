import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DurableFs } from "@aither/supervise";

const SECRET_BYTES = 32;

/** The home's own secret, made once. When it is lost no entry is found any more, and nothing else happens. */
export async function readSecret(root: string, fs: DurableFs): Promise<Buffer> {
  const path = join(root, "secret");
  const found = await readFile(path).catch(() => undefined);
  if (found?.length === SECRET_BYTES) return found;
  const secret = randomBytes(SECRET_BYTES);
  await fs.writeAtomic(path, secret);
  return secret;
}
