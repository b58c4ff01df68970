/**
 * Names inside `.orchestration-jobs/`. A person finds the way with `ls`, `cat` and `jq`:
 *
 *   format.json  lock                       lock = target of the kernel lock, never unlinked
 *   active/<jobId> -> ../jobs/<date>/<jobId>      all that start-up reads
 *   after/<jobId>                           may still owe a notice, or an undo
 *   cgroups                                 where control groups were made, a line a folder
 *   exits/<jobId>.<script>.<attempt>        bells
 *   removing/<jobId>/                       jobs that are being removed; nobody sees them any more
 *   index/2026-11.ndjson                    one line a finished job; derived
 *   look.json                               when all derived files were last looked at
 *   jobs/2026-11-22/<jobId>/                events.ndjson env.json masks.json metadata.json plan.json result.json summary.md reports.json
 *     scripts/<key>.<n>.claim|.exit|.log|.idx|.out|.summary
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { AttemptRef, ScriptKey } from "@aither/protocol";
import { attemptFiles, type AttemptFiles } from "@aither/supervise";

export type Layout = {
  readonly state: string;
  readonly format: string;
  readonly active: string;
  readonly exits: string;
  readonly after: string;
  readonly index: string;
  readonly look: string;
  readonly removing: string;
  readonly jobs: string;
  readonly cache: string;
  readonly cgroups: string;
};

export function layout(state: string): Layout {
  return {
    state,
    format: join(state, "format.json"),
    active: join(state, "active"),
    exits: join(state, "exits"),
    after: join(state, "after"),
    index: join(state, "index"),
    look: join(state, "look.json"),
    removing: join(state, "removing"),
    jobs: join(state, "jobs"),
    cache: join(state, "cache"),
    cgroups: join(state, "cgroups"),
  };
}

/** Names of the files of one job. */
export const jobFiles = {
  events: "events.ndjson",
  env: "env.json",
  masks: "masks.json",
  plan: "plan.json",
  metadata: "metadata.json",
  result: "result.json",
  summary: "summary.md",
  reports: "reports.json",
  scripts: "scripts",
} as const;

/** A job id is a folder's name: anything but a UUID stops here. */
export function isJobId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** The folder of a day, in UTC, so that it does not depend on who looks. */
export function dateOf(time: number | string): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Room for `.<attempt>.claim` and a job id in front, within the 255 bytes of a name. */
const KEY_BYTES_MAX = 100;

/**
 * A script's key as a file name: `build/0402` → `build~0402`, anything unusual as `%XX`. A longer one is cut and
 * gets a digest after `%%`, which no plain encoding contains, so two keys never meet in one name.
 */
export function encodeKey(key: ScriptKey): string {
  let name = "";
  for (const byte of Buffer.from(key)) {
    const character = String.fromCharCode(byte);
    if (character === "/") name += "~";
    else if (/[A-Za-z0-9_-]/.test(character) || (character === "." && name !== "")) name += character;
    else name += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (name.length <= KEY_BYTES_MAX) return name;
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return `${name.slice(0, KEY_BYTES_MAX - digest.length - 2).replace(/%.?$/, "")}%%${digest}`;
}

export function attemptStem(ref: Pick<AttemptRef, "script" | "attempt">): string {
  return `${encodeKey(ref.script)}.${ref.attempt}`;
}

export function filesOf(jobDir: string, ref: Pick<AttemptRef, "script" | "attempt">): AttemptFiles {
  return attemptFiles(join(jobDir, jobFiles.scripts), attemptStem(ref));
}

export function bellName(ref: AttemptRef): string {
  return `${ref.jobId}.${attemptStem(ref)}`;
}

/** Unique in the world: by it a stray process is known as ours. */
export function attemptMarker(ref: AttemptRef): string {
  return `${ref.jobId}/${attemptStem(ref)}`;
}
