/**
 * T7: many clients at once find no daemon and each would start one. There is one, and every client gets its answer.
 * `AITHER_TORTURE_ROUNDS=100` is a hundred rounds of fifty clients.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";
import { Prng } from "../simulation/prng.ts";
import { link, names, read } from "./lib/machine.ts";
import { seedFor } from "./lib/seed.ts";

const program = fileURLToPath(new URL("../../bin/aither", import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL("../../dist/cli", import.meta.url)));

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

async function aither(workspace: Workspace, ...argv: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...argv], { cwd: workspace.folder, env: workspace.env });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

/** Processes that hold this home's lock. */
function holders(lock: string): number[] {
  return names("/proc")
    .filter((pid) => /^\d+$/.test(pid) && link(`/proc/${pid}/fd/9`) === lock)
    .map(Number)
    .filter(isAlive);
}

/** What an earlier daemon, or nobody at all, may have left in the way. */
const obstacles: Readonly<Record<string, (workspace: Workspace) => Promise<void>>> = {
  nothing: async () => undefined,
  "a socket that nobody listens on": async ({ places }) => {
    await mkdir(dirname(places.socket), { recursive: true, mode: 0o700 });
    const server = createServer();
    server.listen(places.socket);
    await once(server, "listening");
    // The file stays when the descriptor is closed without being unlinked first.
    await rename(places.socket, `${places.socket}.kept`);
    server.close();
    await once(server, "close");
    await rename(`${places.socket}.kept`, places.socket);
  },
  "a pid file of a living stranger": async ({ places }) => {
    await writeFile(join(places.state, "daemon.pid"), `${process.pid}\n`);
    await writeFile(join(places.home, "aitherd.pid"), `${process.pid}\n`);
  },
  "a lock file with rubbish in it": async ({ places }) => writeFile(places.lock, `${process.pid} rubbish\n`),
  // Root reads it all the same; for everybody else it can only be locked, which is all that is needed.
  "a lock file that nobody may read": async ({ places }) => writeFile(places.lock, "", { mode: 0o200 }),
};

async function round(t: TestContext, clients: number, obstacle: string): Promise<void> {
  await using workspace = await Workspace.create();
  const { places } = workspace;
  await mkdir(places.home, { recursive: true });
  await obstacles[obstacle]?.(workspace);
  try {
    const all = await Promise.all(
      Array.from({ length: clients }, async () => aither(workspace, "jobs", "list", "--json")),
    );
    const failed = all.filter(({ code }) => code !== 0);
    assert.deepEqual(failed, [], `${failed.length} of ${clients} clients failed`);
    const log = (read(places.daemonLog) ?? "").split("\n").filter((line) => line.includes('"msg":"ready"'));
    assert.equal(log.length, 1, `${log.length} daemons became ready\n${log.join("\n")}`);
    const held = await waitFor("the losers to be gone", () => {
      const found = holders(places.lock);
      return found.length === 1 ? found : null;
    });
    t.diagnostic(`${clients} clients, ${obstacle}: daemon ${held[0]}`);
  } finally {
    await aither(workspace, "daemon", "stop");
    await waitFor("the end of the daemon", () => holders(places.lock).length === 0);
  }
}

test(
  "a storm of clients starts one daemon, whatever lies in the way",
  { skip: !isBuilt && "skipped: not built" },
  async (t) => {
    const prng = new Prng(seedFor("t7"));
    const kinds = Object.keys(obstacles);
    const rounds = Number(process.env["AITHER_TORTURE_ROUNDS"] ?? 0);
    const sizes = rounds > 0 ? Array.from({ length: rounds }, () => 50) : [50, 20, 20, 10, 10, 10, 10, 10, 10, 10];
    for (const [at, clients] of sizes.entries()) {
      await round(t, clients, at < kinds.length ? (kinds[at] ?? "nothing") : prng.pick(kinds));
    }
  },
);
