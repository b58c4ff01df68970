/** The exit code of Windows installers that want a restart of the machine, on systems where it does not fit. */
import type { ScriptPlan } from "@aither/protocol";
import { readHead } from "../playbooks/files.ts";

export const RESTART_REQUIRED = 3010;
/** Elsewhere an exit code has eight bits. */
const CUT_OFF = RESTART_REQUIRED & 0xff;
const TEXT_BYTES_MAX = 1024 * 1024;

/**
 * The code a script ended with. `exit 3010` arrives as 194 on Linux and macOS; where the script's own text says 3010,
 * that is what it meant.
 */
export async function meantCode(code: number, { run, path }: Pick<ScriptPlan, "run" | "path">): Promise<number> {
  if (code !== CUT_OFF || process.platform === "win32") return code;
  const text = run.text ?? (path === null ? "" : await readHead(path, TEXT_BYTES_MAX).catch(() => ""));
  return new RegExp(`\\b${RESTART_REQUIRED}\\b`).test(text) ? RESTART_REQUIRED : code;
}
