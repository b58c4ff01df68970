/** One playbook, every way in: its scripts see one environment, and what may differ is listed here. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "@aither/client/node";
import { ask } from "../integration/lib/http.ts";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

/** What differs between two runs of one script, and has to: it says which run this is and where its files are. */
const own = new Set(
  "AITHER_JOB_ID AITHER_JOB_NUMBER AITHER_ATTEMPT AITHER_OUTPUT AITHER_ENV AITHER_PATH AITHER_SUMMARY AITHER_ARTIFACTS".split(
    " ",
  ),
);

/** A file that is there is whole. */
const show = (stage: string): string => `env > part.$$ && mv part.$$ "shown.$AITHER_JOB_NUMBER.${stage}"`;
const step = (script: string): object => ({ steps: [{ id: "show", shell: "sh", script }] });

type Shown = { readonly digest: string; readonly lines: readonly string[] };

async function shown(workspace: Workspace, job: number, stage: string): Promise<Shown> {
  const file = `shown.${job}.${stage}`;
  const text = await waitFor(`${file}`, async () => workspace.text("w", file).catch(() => null));
  const all = text.split("\n").filter((line) => line !== "");
  for (const name of own) {
    // Each is there, or the list of differences names what does not exist.
    assert.ok(
      all.some((line) => line.startsWith(`${name}=`)),
      `${file} has no ${name}`,
    );
  }
  const lines = all.filter((line) => !own.has(line.slice(0, line.indexOf("=")))).sort();
  return { digest: createHash("sha256").update(lines.join("\n")).digest("hex"), lines };
}

test("the environment is the same from the command line, the library, the bare socket, at a set time, in a retry, and after kill -9 of the daemon", async () => {
  await using cli = await Cli.create();
  const { workspace } = cli;
  await cli.playbook("env", { a: step(`${show("a")}`) });
  const gate = workspace.path("gate");
  await cli.playbook("gated", {
    a: step(`echo begun; until [ -e ${gate} ]; do sleep 0.05; done; ${show("a")}`),
    b: { needs: ["a"], ...step(`${show("b")}`) },
  });
  const env = { ...workspace.env, MARKER: "from the caller", ODD: 'blanks  "quotes" $HOME', LANG: "C.UTF-8" };
  const found = new Map<string, Shown>();
  const take = async (way: string, job: number, stage = "a"): Promise<void> => {
    const { code, stderr } = await cli.run(["wait", String(job)]);
    assert.equal(code, 0, `${way}: ${stderr}`);
    found.set(way, await shown(workspace, job, stage));
  };
  const byCommand = async (playbook: string, ...more: string[]): Promise<number> => {
    const { code, stdout, stderr } = await cli.run(["orch", playbook, "--detach", ...more], { env });
    assert.equal(code, 0, stderr);
    return Number(stdout);
  };
  await take("command line", await byCommand("env"));
  await take("at a set time", await byCommand("env", "--at", "+1s"));
  const daemonEntry = fileURLToPath(new URL("../../dist/daemon/main.js", import.meta.url));
  const library = createClient({ cwd: workspace.folder, env, daemonEntry });
  await take("library", (await library.start("env")).number ?? assert.fail("a start without a number"));
  const bare = await overTheSocket(workspace, { playbook: "env", workspace: workspace.folder, env });
  await take("bare socket", bare);
  const text = await workspace.text("w", "playbooks", "env.json");
  await take("bare socket, as text", await overTheSocket(workspace, { text, workspace: workspace.folder, env }));

  const retry = async (): Promise<number> =>
    (await cli.json<{ number: number }>("retry", String(bare), "--all")).number;
  await take("retry", await retry());
  const gated = await byCommand("gated");
  await waitFor("its start", async () => /begun/.test((await cli.run(["logs", String(gated)])).stdout));
  await cli.killDaemon();
  // The next one is started by somebody whose environment is another one.
  const stranger = {
    MARKER: "of the daemon",
    OF_THE_DAEMON: "1",
    PATH: `/nowhere:${workspace.env["PATH"]}`,
    LANG: "C",
  };
  assert.equal((await cli.run(["status"], { env: stranger })).code, 0);
  await workspace.write("../gate", "");
  await take("adopted while it ran", gated);
  await take("started by the next daemon in a job of the first", gated, "b");
  await take("retry by the next daemon", await retry());
  await take("command line, to the next daemon", await byCommand("env"));

  const first = found.get("command line") ?? assert.fail("nothing was run");
  for (const line of [
    `MARKER=${env.MARKER}`,
    `ODD=${env.ODD}`,
    `PATH=${workspace.env["PATH"]}`,
    `PWD=${workspace.folder}`,
  ])
    assert.ok(first.lines.includes(line), `${line} is missing in\n${first.lines.join("\n")}`);
  for (const [way, { lines }] of found) assert.deepEqual(lines, first.lines, way);
  assert.equal(new Set([...found.values()].map(({ digest }) => digest)).size, 1);
});

test("who starts a job and sends no environment gets what a login would bring, not the daemon's own", async () => {
  await using workspace = await Workspace.create();
  const ofTheDaemon = { OF_THE_DAEMON: "1", TERM: "xterm", NOTIFY_SOCKET: "/n", USER: "somebody" };
  await using daemon = await Daemon.start({ workspace, env: ofTheDaemon });
  const text = JSON.stringify({ metadata: { name: "env" }, orchestration: { jobs: { a: step(`${show("a")}`) } } });
  const job = await overTheSocket(daemon.workspace, { text, workspace: workspace.folder });
  const { lines } = await shown(workspace, job, "a");
  const names = lines.map((line) => line.slice(0, line.indexOf("=")));
  const { PATH, HOME, LANG } = workspace.env;
  for (const line of [`PATH=${PATH}`, `HOME=${HOME}`, `LANG=${LANG}`, "USER=somebody", `PWD=${workspace.folder}`])
    assert.ok(lines.includes(line), `${line} is missing in\n${lines.join("\n")}`);
  const known =
    "PATH HOME USER LOGNAME SHELL LANG TMPDIR TZ PWD FORCE_COLOR CLICOLOR_FORCE AITHERZERO_ROOT AITHERZERO_NONINTERACTIVE".split(
      " ",
    );
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
  );
});

/** Nothing but HTTP on the daemon's socket, as any program could speak it. */
async function overTheSocket({ places }: Workspace, body: object): Promise<number> {
  const { status, text, body: reply } = await ask(places.socket, "/api/orchestrate", { method: "POST", body });
  assert.equal(status, 202, text);
  return (reply as unknown as { number: number }).number;
}
