import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Cli } from "../rig/cli.ts";

/** Output into pipes: all of it for slow readers, quiet for those who leave, and never an escape code. */

const aither = fileURLToPath(new URL("../../bin/aither", import.meta.url));
const MEGABYTES = 10;

describe("pipes", () => {
  let cli: Cli;
  let number = "";
  /** A shell line with `A` for the real program. */
  const shell = (line: string, env: Readonly<Record<string, string>> = {}): string =>
    execFileSync("bash", ["-c", line.replaceAll("A ", `'${process.execPath}' '${aither}' `)], {
      cwd: cli.workspace.folder,
      env: { ...cli.workspace.env, ...env },
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
    });

  before(async () => {
    cli = await Cli.create();
    const line = "0123456789abcdef".repeat(63) + "0123456";
    const script = `yes '${line}' | head -n ${MEGABYTES * 1_024}; printf '\\033[31mred\\033[0m\\n'`;
    await cli.playbook("big", { a: { steps: [{ id: "write", shell: "sh", script }] } });
    number = String((await cli.json<{ number: number }>("orch", "big", "-d")).number);
    assert.equal((await cli.run(["wait", number])).code, 0);
  });
  after(async () => cli[Symbol.asyncDispose]());

  test("ten megabytes reach a slow reader to the last byte, raw and as NDJSON", async () => {
    const bytes = MEGABYTES * 1_024 * 1_016;
    // A reader that takes small pieces and begins late; the pipe holds 64 KiB.
    const slow = (argv: string): string =>
      shell(`A ${argv} | { read -r first; sleep 0.3; { echo "$first"; dd bs=4k status=none; } | wc -c; }`).trim();
    assert.equal(slow(`logs ${number} --raw`), String(bytes + "\u001b[31mred\u001b[0m\n".length));
    const lines = shell(`A logs ${number} --json | { sleep 0.3; tail -n 1; }`);
    assert.match((JSON.parse(lines) as { text: string }).text, /red/);
  });

  test("a document of many kilobytes is whole behind a slow pipe", async () => {
    const jobs = Array.from({ length: 40 }, () => ["orch", "big", "--dry-run", "--json"]);
    assert.equal(jobs.length, 40);
    const steps = Array.from({ length: 900 }, (_, index) => ({
      id: `s${index}`,
      name: "x".repeat(200),
      shell: "sh",
      script: "true",
    }));
    await cli.playbook("wide", { a: { steps } });
    const text = shell("A plan wide --json | { sleep 0.3; cat; }");
    assert.ok(text.length > 256 * 1_024, String(text.length));
    assert.equal(
      (JSON.parse(text) as { stages: { legs: { scripts: unknown[] }[] }[] }).stages[0]?.legs[0]?.scripts.length,
      900,
    );
  });

  test("a reader that leaves (| head) is no error, and nothing is said about it", () => {
    const said = shell(
      `{ A logs ${number} --raw; echo "code $?" >&3; } 3>&2 2>&1 >/dev/null | cat; A logs ${number} | head -n 1 | wc -l; echo "\${PIPESTATUS[*]}"`,
    );
    assert.match(said, /^1\n/m);
    const codes = shell(`A logs ${number} --json | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`);
    assert.equal(codes, "0\n");
    assert.equal(shell(`A logs ${number} --json 2>&1 >/dev/full | head -n 1`).includes("at "), false);
  });

  test("closed stdin, stdout and stderr are survived", async () => {
    for (const closed of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
      assert.equal(shell(`A jobs list ${closed}; echo "code $?"`).split("\n").at(-2), "code 0", closed);
    }
  });

  test("no escape code reaches a pipe, unless colour is asked for", () => {
    for (const argv of [
      "jobs list",
      "status",
      `jobs status ${number}`,
      `logs ${number}`,
      "playbooks list",
      "help",
      "plan big",
    ]) {
      assert.doesNotMatch(shell(`A ${argv} 2>&1`, { TERM: "xterm-256color" }), /\u001b/, argv);
    }
    assert.match(shell(`A jobs status ${number}`, { FORCE_COLOR: "1" }), /\u001b\[/);
    assert.match(shell(`A jobs status ${number} --color always`, { NO_COLOR: "1" }), /\u001b\[/);
    assert.doesNotMatch(shell(`A jobs status ${number} --color never`, { FORCE_COLOR: "1" }), /\u001b/);
  });

  test("--quiet and --json leave stderr empty when all is well", async () => {
    for (const argv of [
      ["jobs", "list", "--json"],
      ["status", "-q"],
      ["orch", "big", "-q"],
      ["wait", number, "-q"],
    ]) {
      const child = spawn(process.execPath, [aither, ...argv], {
        cwd: cli.workspace.folder,
        env: cli.workspace.env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await once(child, "close");
      if (argv[0] !== "orch") assert.equal(said, "", argv.join(" "));
      assert.equal(child.exitCode, 0, join(...argv));
    }
  });
});
