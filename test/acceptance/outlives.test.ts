import assert from "node:assert/strict";
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hasUpstream, layOutUpstream, slowScriptLines } from "../rig/upstream.ts";

/**
 * The main job, on real input, as its user would live it: a terminal that is killed, a daemon that is killed while a
 * script runs, and a reader who looks before, during and after.
 */

const run = promisify(execFile);
const aither = fileURLToPath(new URL("../../bin/aither", import.meta.url));
const order = "0407 0413 0003 0405 0426 0440 0404 0400 0402 0403 0420 0425 0450".split(" ");

type Place = { root: string; workspace: string; ledger: string; gate: string; env: NodeJS.ProcessEnv };

async function settle(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), "ao-"));
  const workspace = join(root, "upstream");
  await layOutUpstream(workspace);
  const ledger = join(root, "ledger");
  await writeFile(ledger, "");
  const gate = join(root, "gate");
  const env = {
    PATH: process.env["PATH"],
    HOME: root,
    LANG: "C.UTF-8",
    AITHER_HOME: join(root, "home"),
    XDG_RUNTIME_DIR: root,
    LEDGER: ledger,
    GATE: gate,
    SLOW: "none",
    FAILS: "none",
  };
  return { root, workspace, ledger, gate, env };
}

async function leave({ root, workspace, env }: Place): Promise<void> {
  await run(aither, ["daemon", "stop"], { cwd: workspace, env }).catch(() => {});
  await rm(root, { recursive: true, force: true });
}

async function json<T>(place: Place, ...argv: string[]): Promise<T> {
  const { stdout } = await run(aither, [...argv, "--json"], { cwd: place.workspace, env: place.env });
  return JSON.parse(stdout) as T;
}

/** Waits for a named line of the ledger: the scripts themselves say how far they are. */
async function ledgerSays(place: Place, line: RegExp): Promise<RegExpMatchArray> {
  for (let tries = 0; tries < 3_000; tries++) {
    const found = (await readFile(place.ledger, "utf8")).match(line);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the ledger never said ${line}: ${await readFile(place.ledger, "utf8")}`);
}

const skip = hasUpstream ? false : "skipped: no shared data";

test("playbooks list shows every v2 playbook by name", { skip }, async () => {
  const place = await settle();
  try {
    const { playbooks } = await json<{ playbooks: { name: string; format: string }[] }>(place, "playbooks", "list");
    const v2 = playbooks.filter(({ format }) => format === "v2-stages").map(({ name }) => name);
    assert.deepEqual(v2.sort(), [
      "ci-all-validations",
      "ci-deploy-pr",
      "ci-documentation",
      "ci-index-automation",
      "ci-publish-test-reports",
      "ci-validate-config",
      "ci-validate-test-sync",
      "ci-workflow-health",
      "run-tests-parallel-comprehensive",
      "test-comprehensive",
      "test-full",
      "test-matrix-example",
      "test-standard",
    ]);
  } finally {
    await leave(place);
  }
});

test("test-full runs its thirteen stages in written order", { skip }, async () => {
  const place = await settle();
  try {
    const { stdout } = await run(aither, ["orch", "test-full"], { cwd: place.workspace, env: place.env });
    for (const number of order) assert.match(stdout, new RegExp(`${number} says hello`));
    const lines = (await readFile(place.ledger, "utf8")).trim().split("\n");
    assert.deepEqual(
      lines,
      order.flatMap((number) => [`start ${number}`, `end ${number}`]),
    );
  } finally {
    await leave(place);
  }
});

test("a stage that may not fail ends the job, with exit code 1 and the rest skipped", { skip }, async () => {
  const place = await settle();
  place.env["FAILS"] = "0405";
  try {
    const child = spawnSync(aither, ["orch", "test-full"], { cwd: place.workspace, env: place.env, encoding: "utf8" });
    assert.equal(child.status, 1, child.stderr);
    const lines = (await readFile(place.ledger, "utf8")).trim().split("\n");
    assert.equal(lines.at(-1), "end 0405");
    type Detail = { status: string; stages: { status: string; reason: string }[] };
    const { status, stages } = await json<Detail>(place, "jobs", "status", "latest");
    assert.equal(status, "Failed");
    assert.deepEqual(
      stages.map((stage) => stage.status),
      ["Completed", "Completed", "Completed", "Failed", ...Array.from({ length: 9 }, () => "Skipped")],
    );
    for (const stage of stages.slice(4)) assert.notEqual(stage.reason, "");
  } finally {
    await leave(place);
  }
});

test("a job outlives its terminal and its daemon", { skip: skip || noTmux() }, async () => {
  const place = await settle();
  const tmux = (...argv: string[]) =>
    execFileSync("tmux", ["-S", join(place.root, "tmux"), ...argv], { env: place.env });
  try {
    tmux("-f", "/dev/null", "new-session", "-d", "-c", place.workspace, "-x", "100", "-y", "30");
    tmux(
      "send-keys",
      `SLOW=0402 ${aither} orch test-full --detach > ${place.root}/number; echo done > ${place.root}/sent`,
      "Enter",
    );
    const pid = Number((await ledgerSays(place, /at the gate (\d+)/))[1]);
    const number = (await readFile(join(place.root, "number"), "utf8")).trim();
    assert.match(number, /^\d+$/);

    const before = follow(place, number);
    await before.sees("0402 before the gate 500");
    tmux("kill-server");

    const daemon = await json<{ pid: number }>(place, "daemon", "status");
    process.kill(daemon.pid, "SIGKILL");

    const status = await json<{ status: string }>(place, "jobs", "status", number);
    assert.equal(status.status, "Running");
    const again = await json<{ pid: number }>(place, "daemon", "status");
    assert.notEqual(again.pid, daemon.pid);
    assert.equal(process.kill(pid, 0), true, "the script was never interrupted");

    const after = follow(place, number);
    await writeFile(place.gate, "");
    const waited = await run(aither, ["wait", number], { cwd: place.workspace, env: place.env });
    assert.equal(waited.stderr.includes("Error"), false);

    assert.equal(await before.ended, 0);
    assert.equal(await after.ended, 0);
    assert.equal(before.text(), after.text(), "one gapless text, from before and after");
    const own = after
      .text()
      .split("\n")
      .filter((line) => line.includes("0402 "))
      .map((line) => line.slice(line.indexOf("0402 ")));
    assert.deepEqual(own, slowScriptLines("0402"));

    const ledger = (await readFile(place.ledger, "utf8")).split("\n").filter((line) => /^(start|end)/.test(line));
    assert.deepEqual(
      ledger,
      order.flatMap((each) => [`start ${each}`, `end ${each}`]),
    );
    type Attempts = { stages: { legs: { scripts: { number: string; attempts: { exitCode: number }[] }[] }[] }[] };
    const detail = await json<Attempts>(place, "jobs", "status", number);
    const attempts = detail.stages.flatMap(({ legs }) => legs.flatMap(({ scripts }) => scripts));
    assert.deepEqual(
      attempts.map((script) => [script.number, script.attempts.map(({ exitCode }) => exitCode)]),
      order.map((each) => [each, [0]]),
    );
  } finally {
    spawnSync("tmux", ["-S", join(place.root, "tmux"), "kill-server"]);
    await writeFile(place.gate, "").catch(() => {});
    await leave(place);
  }
});

function noTmux(): string | false {
  return spawnSync("tmux", ["-V"]).status === 0 ? false : "skipped: no tmux";
}

function follow(place: Place, number: string) {
  const child = spawn(aither, ["jobs", "logs", number, "-f"], { cwd: place.workspace, env: place.env });
  let text = "";
  let noise = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (noise += chunk.toString("utf8")));
  const ended = once(child, "close").then(([code]) => code as number);
  return {
    ended,
    text: () => text,
    async sees(line: string): Promise<void> {
      for (let tries = 0; tries < 3_000 && !text.includes(line); tries++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(text.includes(line), `the follower never saw ${line}; stderr: ${noise}`);
    },
  };
}
