/** Paths that are longer than a socket's may be: of a project, of a home, and of the one folder that sockets live in. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

test("a project and a home of 200 characters and more: run, follow, kill -9, go on, search", async () => {
  await using cli = await Cli.create();
  const { workspace } = cli;
  const deep = Array.from({ length: 5 }, (_, at) => `${at} a folder whose name has blanks, and is long`).join("/");
  const cwd = join(workspace.folder, deep);
  await mkdir(cwd, { recursive: true });
  const env = { AITHER_HOME: join(workspace.root, "homes", deep) };
  assert.ok(cwd.length > 200 && env.AITHER_HOME.length > 200);
  const script = `pwd; until [ -e gate ]; do sleep 0.05; done; echo after`;
  const long = { metadata: { name: "long" }, orchestration: { jobs: { a: { steps: [{ shell: "sh", script }] } } } };
  await workspace.write(`${deep}/playbooks/long.json`, JSON.stringify(long));
  const run = async (...argv: string[]) => {
    const { code, stdout, stderr } = await cli.run(argv, { cwd, env });
    assert.equal(code, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout;
  };
  try {
    await run("orch", "long", "--detach");
    const follower = cli.start(["logs", "latest", "-f"], { cwd, env });
    await follower.says(/whose name has blanks/);
    const { pid } = JSON.parse(await run("daemon", "status", "--json")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await run("jobs", "list");
    await workspace.write(`${deep}/gate`, "");
    await run("wait", "latest");
    const { code, stdout } = await follower.ended;
    assert.deepEqual([code, stdout.split("\n").at(-2)?.endsWith("after")], [0, true], stdout);
    assert.equal(await run("logs", "latest", "--raw"), `${cwd}\nafter\n`);
    assert.match(await run("search", "after"), /after/);
  } finally {
    await cli.run(["daemon", "stop"], { cwd, env });
  }
});

test("where sockets cannot live a command says why, and how to mend it", async () => {
  await using cli = await Cli.create();
  const env = { XDG_RUNTIME_DIR: join(cli.workspace.root, "x".repeat(100)) };
  const { code, stderr } = await cli.run(["jobs", "list"], { env });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /socket/);
  assert.match(stderr, /XDG_RUNTIME_DIR/);
});
