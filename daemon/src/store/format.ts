/** The state folder as a whole: who may open it, and what stands in it from the beginning. */
import { join } from "node:path";
import { problem, STORE_VERSION, type Problem } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import { errorCode } from "./errors.ts";
import type { Layout } from "./layout.ts";

/** What keeps the daemon from starting, said in the words of the catalogue. */
export class StartRefused extends Error {
  readonly problem: Problem;
  constructor(refusal: Problem, cause?: unknown) {
    super(refusal.detail, { cause });
    this.name = "StartRefused";
    this.problem = refusal;
  }
}

/**
 * Checks `format.json` and makes what is missing, except for `active/` and `index/` of a state that has seen jobs: those
 * are made again from the journals. A newer format is refused and nothing of it is touched.
 */
export async function openState(fs: DurableFs, layout: Layout): Promise<void> {
  const version = await readVersion(fs, layout);
  if (version !== null && version > STORE_VERSION) {
    const detail = `${layout.format} says version ${version}; this aither knows up to ${STORE_VERSION}`;
    throw new StartRefused(problem("STATE_NEWER", detail));
  }
  await fs.makeDir(layout.exits);
  if (await fs.makeDir(layout.jobs)) {
    await fs.makeDir(layout.active);
    await fs.makeDir(layout.index);
  }
  await fs.syncDir(layout.state);
  if (version === null) {
    const text = `${JSON.stringify({ version: STORE_VERSION }, null, 2)}\n`;
    await fs.writeAtomic(layout.format, Buffer.from(text));
  }
}

async function readVersion(fs: DurableFs, layout: Layout): Promise<number | null> {
  let text: string;
  try {
    text = (await fs.readFile(layout.format)).toString("utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    if (Number.isInteger(version)) return version as number;
  } catch {
    // Said below: it is not ours, or something wrote over it.
  }
  const detail = `${join(layout.format)} is not the format file of an aither state`;
  throw new StartRefused(problem("HOME_UNUSABLE", detail, { hint: "move it away, or restore it from a backup" }));
}
