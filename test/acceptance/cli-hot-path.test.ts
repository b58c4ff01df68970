import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";

/** What the everyday commands load, counted and not timed: files of ours, and modules of Node. */

const dist = new URL("../../dist/cli/", import.meta.url).href;
const FILES_MAX = 3;

/** Files of the bundle that a command runs, as V8's coverage lists them. */
async function filesOf(cli: Cli, argv: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(cli.workspace.root, "coverage-"));
  await cli.run(argv, { env: { NODE_V8_COVERAGE: folder } });
  const [report = ""] = await readdir(folder);
  const { result } = JSON.parse(await readFile(join(folder, report), "utf8")) as { result: { url: string }[] };
  return [...new Set(result.map(({ url }) => url).filter((url) => url.startsWith(dist)))];
}

/** Modules of Node that are loaded when a command ends. */
async function modulesOf(cli: Cli, argv: readonly string[]): Promise<string[]> {
  const list = cli.workspace.path("modules.json");
  const watcher = await cli.workspace.write(
    "watcher.cjs",
    `process.on("exit", () => process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(process.moduleLoadList)));`,
  );
  await cli.run(argv, { env: { NODE_OPTIONS: `--require=${watcher}` } });
  return JSON.parse(await readFile(list, "utf8")) as string[];
}

const heavy =
  /undici|NativeModule (https?|_http_\w+|tls|readline|child_process|internal\/child_process|crypto|internal\/fs\/promises)$/;

test("jobs list, status and cancel load at most three files, and nothing heavy", async () => {
  await using cli = await Cli.create();
  await cli.run(["status"]);
  for (const argv of [
    ["jobs", "list"],
    ["ls", "--json"],
    ["jobs", "status", "latest"],
    ["cancel", "--json"],
  ]) {
    const files = await filesOf(cli, argv);
    assert.ok(files.length > 0 && files.length <= FILES_MAX, `${argv.join(" ")} loads ${files.join(" ")}`);
    assert.deepEqual(
      (await modulesOf(cli, argv)).filter((name) => heavy.test(name)),
      [],
      argv.join(" "),
    );
  }
});

test("what is heavy is seen where it is: help loads commander, in a file of its own, and an autostart child_process", async () => {
  await using cli = await Cli.create();
  assert.ok((await filesOf(cli, ["help", "orch"])).length > FILES_MAX);
  assert.ok((await modulesOf(cli, ["jobs", "list"])).some((name) => heavy.test(name)));
});
