import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

/** All that a daemon, and who starts it, make: for their owner alone, whatever the umask, from the first moment. */

const bin = fileURLToPath(new URL("../../bin/aither", import.meta.url));

/** Everything below a folder that is not private: its path from there, and who may what. */
function open(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  assert.ok(entries.length > 20, "the check must see what was made");
  return entries
    .filter((entry) => !entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(folder.length), mode: lstatSync(path).mode & 0o777 }))
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => `${path} ${mode.toString(8)}`);
}

const playbook = {
  orchestration: {
    artifacts: { paths: ["kept.txt"] },
    jobs: {
      only: { steps: [{ id: "a", script: "echo out; echo err >&2; echo kept > kept.txt", separateStderr: true }] },
    },
  },
};

test("under umask 000, everything a daemon makes is its owner's from the first moment", async (t) => {
  await using workspace = await Workspace.create();
  const root = workspace.path("new");
  await workspace.write("playbooks/made.json", JSON.stringify(playbook));
  const [home, runtime, trace] = [join(root, "home"), join(root, "run"), workspace.path("trace")];
  const env = { ...workspace.env, AITHER_HOME: home, XDG_RUNTIME_DIR: runtime, BROWSER: "/bin/true" };
  const start = (around: string, argv: readonly string[]): ReturnType<typeof spawn> =>
    spawn("/bin/sh", ["-c", `umask 000; exec ${around} "$@"`, "sh", process.execPath, bin, ...argv], {
      cwd: workspace.folder,
      env,
      stdio: "ignore",
    });
  const aither = async (...argv: string[]): Promise<void> => {
    const [code] = (await once(start("", argv), "exit")) as [number];
    assert.equal(code, 0, argv.join(" "));
  };
  const hasTracer = spawnSync("strace", ["-V"]).status === 0;
  if (!hasTracer) t.diagnostic("there is no strace: only what stays is seen, not the first moment");
  // By name only: a copy of an artifact has its original's mode for a moment, by descriptor, in a folder that is private.
  // It ends with the last of what it watches: with the daemon.
  const first = start(hasTracer ? `strace -f -qq -e trace=chmod,fchmodat -o ${trace}` : "", ["daemon", "start"]);
  const ended = once(first, "exit");
  await waitFor("the daemon", async () => {
    const [code] = (await once(start("", ["daemon", "status"]), "exit")) as [number];
    return code === 0;
  });
  try {
    await aither("orch", "made", "--secret", "HOME");
    await aither("dashboard");
    await aither("dashboard", "--token");
    const made = readdirSync(root, { recursive: true }).map(String);
    for (const name of [
      /\.sock$/,
      /-open-.*\.html$/,
      /sessions\.json$/,
      /audit\.ndjson$/,
      /daemon\.log$/,
      /\/lock$/,
      /env\.json$/,
      /\.log$/,
      /\.err$/,
    ])
      assert.ok(
        made.some((path) => name.test(path)),
        `${name} must be among what is looked at`,
      );
    assert.deepEqual(open(root), []);
  } finally {
    await aither("daemon", "stop");
  }
  await ended;
  assert.deepEqual(open(root), []);
  // What is private at the end, and whose mode nobody changed, was private when it was made.
  if (hasTracer)
    assert.deepEqual(
      readFileSync(trace, "utf8")
        .split("\n")
        .filter((line) => line.includes("chmod")),
      [],
    );
});
