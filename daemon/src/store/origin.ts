/** `env.json`: the environment and umask a job was started with. Not derived, never logged, 0600 from its first byte. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DurableFs } from "@aither/supervise";
import type { Origin } from "../host.ts";
import { errorCode } from "./errors.ts";
import { jobFiles } from "./layout.ts";

/** Written once, before the job's first event. The folder's names are synced with that event. */
export async function writeOrigin(fs: DurableFs, folder: string, origin: Origin): Promise<void> {
  const umask = origin.umask === null ? null : origin.umask.toString(8).padStart(4, "0");
  const content = { umask, ...(origin.request && { request: origin.request }), ...secretsIn(origin), env: origin.env };
  await fs.createExclusive(join(folder, jobFiles.env), Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
}

/** Null when there is none, or retention took it. */
export async function readOrigin(fs: DurableFs, folder: string): Promise<Origin | null> {
  let text: string;
  try {
    text = (await fs.readFile(join(folder, jobFiles.env))).toString("utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  return originOf(text);
}

/** The same at once, of a job that is open. */
export function readOriginNow(folder: string): Origin | null {
  try {
    return originOf(readFileSync(join(folder, jobFiles.env), "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function originOf(text: string): Origin {
  const origin = JSON.parse(text) as (Omit<Origin, "umask"> & { umask: string | null }) | null;
  if (typeof origin?.env !== "object" || origin.env === null) throw new SyntaxError("it holds no environment");
  const { umask, env, request } = origin;
  return {
    env,
    umask: typeof umask === "string" ? Number.parseInt(umask, 8) : null,
    ...(request && { request }),
    ...secretsIn(origin),
  };
}

function secretsIn({ secrets = [] }: Pick<Origin, "secrets">): Pick<Origin, "secrets"> {
  return secrets.length > 0 ? { secrets } : {};
}
