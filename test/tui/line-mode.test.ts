import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { hasTmux, Terminal } from "../rig/terminal.ts";

const bin = fileURLToPath(new URL("../../bin", import.meta.url));

describe("in a real terminal", { skip: hasTmux ? false : "skipped: no tmux" }, () => {
  let cli: Cli;
  const status = async (): Promise<string> => (await cli.json<JobDetail>("jobs", "status", "latest")).status;

  before(async () => {
    cli = await Cli.create();
    for (const gate of ["gate", "last"]) execFileSync("mkfifo", [join(cli.workspace.folder, gate)]);
    const hang = (gate: string): string =>
      `printf '\\033[32mgreen\\033[0m\\n'; echo begun; read x < ${gate}; echo ended`;
    await cli.playbook("hanging", {
      a: { name: "Waiting", steps: [{ id: "hang", shell: "sh", script: hang("gate") }] },
    });
    await cli.playbook("outliving", {
      a: { name: "Waiting", steps: [{ id: "hang", shell: "sh", script: hang("last") }] },
    });
    await cli.run(["status"]);
  });
  after(async () => cli?.[Symbol.asyncDispose]());

  const open = (env: Readonly<Record<string, string>> = {}): Promise<Terminal> =>
    Terminal.open(cli.workspace, { env: { PATH: `${bin}:${cli.workspace.env["PATH"]}`, ...env } });

  test("a job is followed in colour; Ctrl-C cancels it, and the shell sees 130", async () => {
    await using terminal = await open();
    await terminal.enter("aither orch hanging; echo code=$?");
    await terminal.shows(/begun/);
    assert.match(await terminal.screen({ colors: true }), /\u001b\[32mgreen/);
    await terminal.press("C-c");
    const screen = await terminal.shows(/code=130/);
    assert.match(screen, /Ctrl-C cancels it; to leave it running, close the terminal/);
    assert.match(screen, /Cancelling #\d+/);
    assert.match(screen, /⊘ #\d+ hanging cancelled/);
    assert.equal(await status(), "Cancelled");
  });

  test("NO_COLOR and TERM=dumb: the same without one escape code", async () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      await using terminal = await open(env);
      // tmux sets TERM for what it runs.
      await terminal.enter(`${env.TERM ? "export TERM=dumb; " : ""}aither orch hanging; clear; aither jobs status`);
      await terminal.shows(/begun/);
      assert.doesNotMatch(await terminal.screen({ colors: true }), /\u001b\[3/);
      await terminal.press("C-c");
      await terminal.shows(/⊘ Waiting/);
      assert.doesNotMatch(await terminal.screen({ colors: true }), /\u001b\[3/);
    }
  });

  test("cancelling without a name asks first; no is no", async () => {
    await using terminal = await open();
    await terminal.enter("aither orch hanging -d -q");
    await terminal.shows(/^\d+$/m);
    await terminal.enter("a0 x; echo left=$?");
    await terminal.shows(/Cancel #\d+ hanging\? \[y\/N\]/);
    await terminal.enter("n");
    await terminal.shows(/^left=130$/m);
    await terminal.enter("aither jobs status -q");
    await terminal.shows(/^Running$/m);
    await terminal.enter("clear; a0 x; echo left=$?");
    await terminal.shows(/Cancel #\d+ hanging\? \[y\/N\]/);
    await terminal.enter("y");
    await terminal.shows(/^left=0$/m);
    await terminal.enter("aither wait");
    await terminal.shows(/⊘ #\d+ hanging cancelled/);
  });

  test("a terminal that is closed takes nothing with it: the job goes on and ends true", async () => {
    const terminal = await open();
    await terminal.enter("aither orch outliving");
    await terminal.shows(/begun/);
    await terminal.close();
    assert.equal(await status(), "Running");
    await writeFile(join(cli.workspace.folder, "last"), "go\n");
    assert.equal((await cli.run(["wait", "outliving"])).code, 0);
    assert.match((await cli.run(["logs", "outliving"])).stdout, /green\nbegun\nended\n/);
  });

  test("a narrow terminal: the table fits", async () => {
    await using terminal = await Terminal.open(cli.workspace, {
      columns: 50,
      env: { PATH: `${bin}:${cli.workspace.env["PATH"]}` },
    });
    await terminal.enter("clear; aither jobs list");
    const screen = await terminal.shows(/JOB[\s\S]*\$ $/m);
    const lines = screen.split("\n").filter((line) => line.trim() !== "");
    assert.ok(
      lines.slice(1, -1).every((line) => /^ +\d+ {2}\S (Completed|Cancelled) {2}\S/.test(line)),
      screen,
    );
  });
});
