// Brings a fresh clone to the point where `aither` runs: right Node, installed packages, built bundles.
// Plain JavaScript, because it runs before anything is installed. Doing nothing takes a few milliseconds, so
// every command of the README may begin with it.
//
//   node scripts/setup.mjs            packages and bundles
//   node scripts/setup.mjs --tests    also the tools that some tests need
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeIsSupported } from "./lib/node-version.mjs";
import { installTestTools } from "./lib/test-tools.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!nodeIsSupported()) {
  console.error(`aither needs Node 20.19, 22.12, 24 or newer; this is ${process.version} (${process.execPath}).`);
  process.exit(78);
}
if (!packagesAreInstalled()) {
  say("installing packages (npm ci)");
  run(process.platform === "win32" ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}
if (!bundlesAreFresh()) {
  say("building dist/");
  run(process.execPath, ["--import", "tsx", "scripts/build.ts"]);
}
if (process.argv.includes("--tests")) installTestTools(say);

/** Compares what npm says it installed with what the lock file asks for; times of files say nothing after a copy. */
function packagesAreInstalled() {
  const installedLock = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedLock)) return false;
  const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    if (entry.optional === true && installed[path] === undefined) return true;
    return installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity;
  });
}

function bundlesAreFresh() {
  const stamp = join(root, "dist", ".built");
  if (!existsSync(stamp)) return false;
  const builtAt = statSync(stamp).mtimeMs;
  const sources = ["packages", "daemon", "cli", "schemas", "scripts/build.ts", "package-lock.json"];
  return sources.every((source) => newestChange(join(root, source)) <= builtAt);
}

function newestChange(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let newest = stat.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.name.endsWith(".test.ts")) continue;
    newest = Math.max(newest, newestChange(join(path, entry.name)));
  }
  return newest;
}

function run(command, argv) {
  const result = spawnSync(command, argv, { cwd: root, stdio: ["ignore", 2, 2] });
  if (result.status === 0) return;
  console.error(`setup: ${command} ${argv.join(" ")} failed${result.error ? ` (${result.error.message})` : ""}.`);
  process.exit(result.status ?? 1);
}

function say(text) {
  console.error(`setup: ${text}`);
}
