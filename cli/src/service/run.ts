/** Runs a service manager's commands, and asks systemd what it knows. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import type { CommandLine } from "./definition.ts";

const PATIENCE_MS = 60_000;

export type Ran = { readonly ok: boolean; readonly stdout: string; readonly why: string };

export function run([file, ...argv]: CommandLine): Ran {
  const { status, stdout, stderr, error } = spawnSync(file, argv, { encoding: "utf8", timeout: PATIENCE_MS });
  const why = error?.message ?? (stderr.trim() || `exit code ${status}`);
  return { ok: status === 0, stdout: stdout ?? "", why };
}

/** Runs them in order; null, or what the first that failed said. */
export function runAll(commands: readonly CommandLine[]): string | null {
  for (const command of commands) {
    const { ok, why } = run(command);
    if (!ok) return `${spell(command)}: ${why}`;
  }
  return null;
}

/** As one would type it. */
export function spell(command: CommandLine): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$|^[A-Za-z]:\\[\w\\.-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** Whether services of this user live on after the last logout; null when nobody can say. */
export function lingers(): boolean | null {
  if (process.platform !== "linux" || !existsSync("/run/systemd/system")) return null;
  const name = userInfo().username;
  if (existsSync(`/var/lib/systemd/linger/${name}`)) return true;
  return existsSync("/run/systemd/seats") || existsSync("/var/lib/systemd/linger") ? false : null;
}
