// The C program beside this folder: how fast the machine itself is, in the same minutes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/lib/root.ts";

/** Compiles the program into a folder. Returns its path, or null where there is no compiler. */
export function compileBaseline(folder: string): string | null {
  const program = join(folder, "posix_spawn");
  const result = spawnSync("gcc", ["-O2", "-o", program, join(root, "bench", "posix_spawn.c")], { encoding: "utf8" });
  if (result.status === 0) return program;
  console.error(`bench: no baseline (${result.error?.message ?? result.stderr.trim()})`);
  return null;
}

/** Starts of /bin/true a second, with so many in flight. */
export function spawnRate(program: string, total: number, inFlight: number): number {
  return Number(run(program, ["rate", String(total), String(inFlight)]));
}

/** Wall and CPU time of one run of a command, in ms. Its output is thrown away; another exit code than 0 is an error. */
export function timed(
  program: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): { wallMs: number; cpuMs: number } {
  const [wall = 0, cpu = 0, status = 1] = run(program, ["timed", ...command], env)
    .trim()
    .split(" ")
    .map(Number);
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}`);
  return { wallMs: wall / 1000, cpuMs: cpu / 1000 };
}

function run(program: string, argv: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const result = spawnSync(program, argv, { encoding: "utf8", env });
  if (result.status !== 0) throw new Error(`${program} ${argv.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
