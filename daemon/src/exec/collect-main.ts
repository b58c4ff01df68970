/** The program behind `aither:collect`. */
import { appendFileSync } from "node:fs";
import { collect } from "./collect.ts";

const { env } = process;
const count = (name: string): number => Number(env[name] ?? "") || Number.MAX_SAFE_INTEGER;
const kept = await collect({
  workspace: process.cwd(),
  artifacts: env["AITHER_ARTIFACTS"] ?? "",
  folder: env["AITHER_COLLECT_FOLDER"] ?? "",
  paths: (env["AITHER_COLLECT_PATHS"] ?? "").split("\n"),
  required: env["AITHER_COLLECT_REQUIRED"] === "1",
  bytesMax: count("AITHER_COLLECT_BYTES_MAX"),
  filesMax: count("AITHER_COLLECT_FILES_MAX"),
  say: (line) => void process.stdout.write(`${line}\n`),
});
if (env["AITHER_OUTPUT"])
  appendFileSync(env["AITHER_OUTPUT"], `files=${kept.files}\nbytes=${kept.bytes}\n`, { mode: 0o600 });
process.exitCode = kept.ok ? 0 : 1;
