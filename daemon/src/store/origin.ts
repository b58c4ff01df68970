/** `env.json`: the environment and umask a job was started with. Not derived, never logged, 0600 from its first byte. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DurableFs } from "@aither/supervise";
import type { Origin } from "../host.ts";
import { errorCode, JournalDamaged } from "./errors.ts";
import { jobFiles } from "./layout.ts";

/** Written once, before the job's first event. The folder's names are synced with that event. */
export async function writeOrigin(fs: DurableFs, folder: string, origin: Origin): Promise<void> {
  const umask = origin.umask === null ? null : origin.umask.toString(8).padStart(4, "0");
  const content = { umask, ...(origin.request && { request: origin.request }), ...secretsIn(origin), env: origin.env };
  await fs.createExclusive(join(folder, jobFiles.env), Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
}

/** Null when there is none. Throws `JournalDamaged` when there is, and it is not what we wrote. */
export async function readOrigin(fs: DurableFs, folder: string): Promise<Origin | null> {
  const file = join(folder, jobFiles.env);
  let text: string;
  try {
    text = (await fs.readFile(file)).toString("utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  return originOf(text, file);
}

/** The same at once, of a job that is open. */
export function readOriginNow(folder: string): Origin | null {
  const file = join(folder, jobFiles.env);
  try {
    return originOf(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

type Written = Omit<Origin, "umask"> & { readonly umask: string | null };

function originOf(text: string, file: string): Origin {
  const origin = parsed(text, file);
  const { umask, env, request } = origin;
  return {
    env,
    umask: typeof umask === "string" ? Number.parseInt(umask, 8) : null,
    ...(request && { request }),
    ...secretsIn(origin),
  };
}

function parsed(text: string, file: string): Written {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    // Said below. Nothing of the text is told: it holds values of variables.
  }
  const { env, umask } = (found ?? {}) as Partial<Written>;
  const isOurs = typeof env === "object" && env !== null && ((umask ?? null) === null || typeof umask === "string");
  if (isOurs) return found as Written;
  const jobId = basename(dirname(file));
  throw new JournalDamaged({ jobId, file, line: null }, "this is not the environment that a job was started with");
}

function secretsIn({ secrets = [] }: Pick<Origin, "secrets">): Pick<Origin, "secrets"> {
  return secrets.length > 0 ? { secrets } : {};
}
