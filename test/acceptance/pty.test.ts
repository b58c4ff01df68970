import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { gated, logOf, playbook, scriptPid } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";

/** A step with a terminal is logged in full, can be spoken to, and outlives the daemon like any other. */

const FOLDERS = '"/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin", "/opt/homebrew/bin", ...path';
/** A machine without `script`, and one that has nothing. */
const patch = (find: string, replace: string) => ({ file: "packages/supervise/src/terminal.ts", find, replace });
const ways = [
  { name: "script", patches: [] },
  { name: "python3", patches: [patch('paths("script")', 'paths("no-such-script")')] },
];

for (const { name, patches } of ways) {
  test(`${name}: kill -9 of daemon and spawner while it writes: it is adopted, log and code are whole`, async () => {
    await Daemon.with(
      async (daemon) => {
        const gate = daemon.workspace.path("gate");
        const script = `[ -t 1 ] && echo seen\n${gated(gate)}`.replace("exit 0", "seq 1 20000; printf last; exit 7");
        const jobId = await daemon.startJob(playbook({ script, pty: true }));
        const line = await waitFor("its pid", async () =>
          /begin (\d+)\r\n/.exec(await logOf(daemon, jobId, "stage1").catch(() => "")),
        );
        const pid = Number(line[1]);
        const spawner = Number(readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "latin1").split(" ")[0]);
        assert.match(readFileSync(`/proc/${spawner}/cmdline`, "latin1"), /-s/);
        process.kill(spawner, "SIGKILL");
        await daemon.kill();
        assert.ok(isAlive(pid));
        await daemon.launch();
        await daemon.event(jobId, "ScriptAdopted");
        await writeFile(gate, "");
        await daemon.ended(jobId);
        assert.deepEqual((await daemon.event(jobId, "ScriptFailed")).failure, { kind: "exit", code: 7 });
        const numbers = Array.from({ length: 20_000 }, (_, at) => `${at + 1}\r\n`).join("");
        assert.equal(await logOf(daemon, jobId, "stage1"), `seen\r\nbegin ${pid}\r\nend\r\n${numbers}last`);
      },
      { patches },
    );
  });

  test(`${name}: cancel, time limit, skip and freeze work on all that runs in it`, async () => {
    await Daemon.with(
      async (daemon) => {
        const deaf = (more: string): string =>
          `trap '' TERM HUP INT; setsid sh -c 'trap "" TERM; sleep 600' & sh -c 'trap "" TERM; sleep 600' &\necho begin $$\n${more}; wait`;
        const job = (limit?: number) =>
          daemon.startJob(playbook({ script: deaf("sleep 600"), pty: true, ...(limit && { timeout: limit }) }));
        const pidOf = async (jobId: string): Promise<number> =>
          Number(
            (
              await waitFor("its pid", async () =>
                /begin (\d+)/.exec(await logOf(daemon, jobId, "stage1").catch(() => "")),
              )
            )[1],
          );
        // What is left of them at the end of this test fails it: `Daemon.with` looks.
        const cancelled = await job();
        const frozen = await job();
        const timedOut = await job(1);
        await pidOf(cancelled);
        const still = await pidOf(frozen);
        const ask = async (jobId: string, verb: string, body: object = {}): Promise<void> => {
          const { status, text } = await daemon.ask("POST", `/api/jobs/${jobId}/${verb}`, body);
          assert.ok(status < 300, `${verb}: ${status} ${text}`);
        };
        await ask(frozen, "pause", { freeze: true });
        assert.match(readFileSync(`/proc/${still}/stat`, "latin1"), /\) T /);
        await ask(frozen, "resume");
        assert.doesNotMatch(readFileSync(`/proc/${still}/stat`, "latin1"), /\) T /);
        await ask(frozen, "skip", { target: "script1" });
        await ask(cancelled, "cancel");
        const ends = await Promise.all([cancelled, frozen, timedOut].map(async (jobId) => daemon.ended(jobId)));
        assert.deepEqual(
          ends.map(({ status }) => status),
          ["Cancelled", "Completed", "Failed"],
        );
        assert.equal((await daemon.event(timedOut, "ScriptFailed")).failure.kind, "timeout");
        assert.ok(!isAlive(still));
      },
      { patches },
    );
  });
}

test("where nothing can hold a terminal the start is refused, with what to install", async () => {
  await Daemon.with(
    async (daemon) => {
      const { folder: workspace, env } = daemon.workspace;
      const text = JSON.stringify(playbook({ script: "true", pty: true }));
      const refused = await daemon.ask("POST", "/api/orchestrate", { text, workspace, env });
      assert.equal(refused.status, 422, refused.text);
      assert.match(refused.text, /INTERPRETER_MISSING/);
      assert.match(refused.text, /script1 needs a program that holds a terminal.*util-linux, or Python 3/);
      const jobId = await daemon.startJob(playbook("echo begin $$"));
      await daemon.ended(jobId);
      await scriptPid(daemon, jobId, "stage1");
    },
    { patches: [patch(FOLDERS, "")] },
  );
});

test("people speak to it, its output is masked, its size is what was asked for", async () => {
  await using cli = await Cli.create();
  await cli.playbook("ask", {
    s: {
      steps: [
        { id: "size", shell: "sh", pty: { columns: 100, rows: 30 }, script: "stty size <&1; echo $COLUMNS x $LINES" },
        {
          id: "ask",
          shell: "sh",
          pty: true,
          stdin: true,
          script: `printf 'name? '; read -r name; echo "hello $name"; stty -echo; read -r quiet; stty echo; echo "$quiet" | wc -c | tr -d ' '
printf '\\033[31m%s\\033[0m\\n' "$API_TOKEN"; echo "$KEY_SECRET"; exit 5`,
          env: { KEY_SECRET: "first-line-of-it\nsecond-line-of-it" },
          continueOnError: true,
        },
      ],
    },
  });
  const env = { API_TOKEN: "token-1234567", KEY_SECRET: "first-line-of-it\nsecond-line-of-it" };
  assert.equal((await cli.run(["orch", "ask", "-d", "-s", "API_TOKEN", "-s", "KEY_SECRET"], { env })).code, 0);
  const following = cli.start(["logs", "latest", "-f", "--raw"]);
  await following.says(/name\? /);
  assert.equal((await cli.run(["send", "latest", "Ada"])).code, 0);
  await following.says(/hello Ada/);
  assert.equal((await cli.run(["send", "latest", "not shown"])).code, 0);
  assert.equal((await following.ended).code, 0);
  await cli.run(["wait", "latest"]);
  const raw = await cli.run(["logs", "latest", "--raw", "--script", "s/ask"]);
  assert.equal(raw.stdout, "name? Ada\r\nhello Ada\r\n10\r\n\x1b[31m***\x1b[0m\r\n***\r\n***\r\n");
  const size = await cli.run(["logs", "latest", "--raw", "--script", "s/size"]);
  assert.equal(size.stdout, "30 100\r\n100 x 30\r\n");
  const { stages } = await cli.json<JobDetail>("jobs", "status", "latest");
  assert.equal(stages[0]?.legs[0]?.scripts[1]?.attempts[0]?.exitCode, 5);
});

test("it goes with a cache and with a limit of its log", async () => {
  await using cli = await Cli.create();
  const steps = [
    {
      id: "made",
      shell: "sh",
      pty: true,
      cache: true,
      script: "echo made; echo colour=$(test -t 1 && echo yes) >> $AITHER_OUTPUT",
    },
    { id: "flood", shell: "sh", pty: true, logLimit: "2MB", script: "seq 1 1500000; sleep 2; printf end" },
  ];
  await cli.playbook("p", { s: { steps } });
  assert.equal((await cli.run(["orch", "p", "--use-cache"])).code, 0);
  const flood = await cli.run(["logs", "latest", "--raw", "--script", "s/flood"]);
  assert.match(flood.stdout, /^1\r\n2\r\n/);
  assert.match(flood.stdout, /left out here …\n/);
  assert.match(flood.stdout, /\r\n1500000\r\nend$/);
  await cli.playbook("p", { s: { steps: steps.slice(0, 1) } });
  const cacheOf = async (): Promise<string | undefined> =>
    (await cli.json<JobDetail>("jobs", "status", "latest")).stages[0]?.legs[0]?.scripts[0]?.cache?.is;
  assert.equal((await cli.run(["orch", "p", "--use-cache"])).code, 0);
  assert.equal(await cacheOf(), "hit");
  await cli.playbook("p", { s: { steps: [{ ...steps[0], pty: { rows: 50 } }] } });
  assert.equal((await cli.run(["orch", "p", "--use-cache"])).code, 0);
  assert.equal(await cacheOf(), "miss");
  const { stdout } = await cli.run(["explain", "latest", "s/made"]);
  assert.match(stdout, /its terminal is 80x50, was 80x24/);
});

test("what cannot be is refused with its place", async () => {
  await using cli = await Cli.create();
  await cli.workspace.write(
    "playbooks/bad.yaml",
    `apiVersion: aither/v1
metadata: { name: bad }
orchestration:
  jobs:
    a:
      steps:
        - script: make
          pty: true
          separateStderr: true
        - script: make
          pty: { columns: 0, rows: many }
        - script: make
          pty: perhaps
    b:
      steps:
        - uses: playbook:other
          pty: true
`,
  );
  const { code, stdout, stderr } = await cli.run(["playbooks", "validate", "bad"]);
  assert.equal(code, 2);
  const said = stdout + stderr;
  assert.match(said, /bad\.yaml:8:\d+.*a terminal has one stream/);
  assert.match(said, /bad\.yaml:11:\d+.*`columns` of a terminal must be a whole number from 1 to 9999/);
  assert.match(said, /bad\.yaml:11:\d+.*`rows` of a terminal/);
  assert.match(said, /bad\.yaml:13:\d+.*must be true or false/);
  assert.match(said, /bad\.yaml:17:\d+.*`pty` belongs to a step that runs something itself/);
});
