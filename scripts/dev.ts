// The daemon from source, restarted whenever a source changes. It owns a home of its own inside the checkout
// (set AITHER_HOME to use another), so that it never meets the daemon you work with.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./lib/root.ts";

const home = process.env["AITHER_HOME"] ?? join(root, "test", ".tmp", "dev-home");
const child = spawn(process.execPath, ["--import", "tsx", "--watch", "daemon/src/main.ts", "--home", home], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, AITHER_HOME: home },
});
console.error(
  `dev: daemon from source; in another terminal: AITHER_HOME=${home} node --import tsx cli/src/main.ts status`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
