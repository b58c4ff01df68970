// The checks that are not tests: each is one command that must succeed.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";

export type Gate = { readonly name: string; readonly command: string; readonly argv: readonly string[] };

export const gates: readonly Gate[] = [
  { name: "types", command: "tsc", argv: ["-b", "--pretty", "false"] },
  { name: "lint", command: "oxlint", argv: ["--type-aware", "--deny-warnings"] },
  { name: "format", command: "oxfmt", argv: ["--check"] },
  { name: "knip", command: "knip", argv: ["--no-progress", "--no-config-hints"] },
];

/** Runs all gates, two at a time, and prints the output of those that fail. Returns the names of those. */
export async function runGates(): Promise<readonly string[]> {
  const failed: string[] = [];
  const queue = [...gates];
  const worker = async (): Promise<void> => {
    for (let gate = queue.shift(); gate !== undefined; gate = queue.shift()) {
      if (!(await passes(gate))) failed.push(gate.name);
    }
  };
  await Promise.all([worker(), worker()]);
  return failed;
}

async function passes(gate: Gate): Promise<boolean> {
  const startedAt = performance.now();
  const { status, output } = await execute(gate);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✓" : "✗"} ${gate.name} (${seconds} s)`);
  if (status !== 0) console.log(output.trimEnd().replaceAll(/^/gm, "    "));
  return status === 0;
}

async function execute(gate: Gate): Promise<{ status: number; output: string }> {
  const suffix = process.platform === "win32" ? ".cmd" : "";
  const path = join(root, "node_modules", ".bin", gate.command + suffix);
  const child = spawn(path, gate.argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"], shell: suffix !== "" });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve({ status: 1, output: error.message }));
    child.on("close", (code) => resolve({ status: code ?? 1, output }));
  });
}
