import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Explanation, JobDetail, PlanView, ScriptView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** Which ends of a script are a success, which are tried again, and how long it may be silent. */

const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });

describe("limits and exit codes", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const job = async (id = "latest"): Promise<JobDetail> => cli.json<JobDetail>("jobs", "status", id);
  const scripts = async (id?: string): Promise<ScriptView[]> =>
    (await job(id)).stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
  const playbook = async (name: string, orchestration: object): Promise<void> => {
    await cli.workspace.write(
      `playbooks/${name}.json`,
      JSON.stringify({
        metadata: { name },
        orchestration: { defaults: { backoff: { initial: 0 } }, ...orchestration },
      }),
    );
  };
  const orch = async (name: string): Promise<number | null> => (await cli.run(["orch", name])).code;
  const start = async (name: string): Promise<string> => (await cli.run(["orch", name, "-d"])).stdout.trim();

  test("only failures with the named exit codes are tried again; success is what the step says", async () => {
    const steps = [
      sh("exit 75", { id: "named", retries: 2, retryExitCodes: [75, 111], continueOnError: true }),
      sh("exit 1", { id: "other", retries: 2, retryExitCodes: [75, 111], continueOnError: true }),
      sh("exit 1", { id: "any", retries: 1, continueOnError: true }),
      sh("exit 4", { id: "fine", successExitCodes: [0, 4] }),
    ];
    await playbook("codes", { jobs: { one: { steps } } });
    assert.equal(await orch("codes"), 0);
    const seen = (await scripts()).map(({ status, attempts, exitCode }) => [status, attempts.length, exitCode]);
    assert.deepEqual(seen, [
      ["Failed", 3, 75],
      ["Failed", 1, 1],
      ["Failed", 2, 1],
      ["Completed", 1, 4],
    ]);
  });

  test("the last lines name what was tolerated, why a time limit struck, and whose it was", async () => {
    const silent = sh("echo hi; exec sleep 60", { id: "s", name: "Silent", noOutputTimeout: 1 });
    const tolerated = sh("exit 3", { id: "t", name: "May", continueOnError: true });
    await playbook("ends", { jobs: { a: { steps: [tolerated, silent] } } });
    const { code, stderr } = await cli.run(["orch", "ends"]);
    assert.equal(code, 1);
    assert.match(stderr, /✗ Silent \(.*\) — wrote nothing for 1s\n/);
    assert.match(
      stderr,
      /failed in .*\n {2}`a` failed: `Silent` wrote nothing for 1 s\n {2}a › Silent — wrote nothing for 1 s\n.*\n {2}a › May \(exit code 3, tolerated\)\n/,
    );
    assert.match((await cli.run(["jobs", "status", "ends"])).stdout, /May .*exit code 3 \(tolerated\)/);
    assert.equal((await cli.json<Explanation>("explain", "ends", "a/Silent")).status, "Failed");
    const none = await cli.run(["explain", "ends", "a/Nothing"]);
    assert.equal(none.code, 4);
    assert.match(none.stderr, /job \d+ has no stage or script "a\/Nothing"/);

    await playbook("long", { jobs: { a: { steps: [sh("exec sleep 60"), sh("exec sleep 60")] } } });
    const late = await cli.run(["orch", "long", "--timeout", "1"]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /failed in .*\n {2}.*time limit of 1 s/);
  });

  test("exit codes of a stage and of the defaults hold for its steps, in old formats as well", async () => {
    await playbook("stage", {
      defaults: { backoff: { initial: 0 }, successExitCodes: [0, 9] },
      jobs: {
        one: { retries: 1, retryExitCodes: [5], steps: [sh("exit 5", { continueOnError: true })] },
        two: { successExitCodes: [0, 6], steps: [sh("exit 6")] },
        three: { steps: [sh("exit 9")] },
      },
    });
    assert.equal(await orch("stage"), 0);
    assert.deepEqual(
      (await scripts()).map(({ attempts }) => attempts.length),
      [2, 1, 1],
    );
    await cli.workspace.write("automation-scripts/0001_Fails.sh", "#!/bin/sh\nexit 7\n", 0o755);
    const entry =
      "@{ Script = '0001'; RetryCount = 3; RetryDelay = 0; RetryExitCodes = @(8); AllowedExitCodes = @(0) }";
    await cli.workspace.write("playbooks/old.psd1", `@{ Name = 'old'; Sequence = @( ${entry} ) }\n`);
    assert.equal(await orch("old"), 1);
    assert.equal((await scripts())[0]?.attempts.length, 1);
  });

  test("what is no exit code is refused with its place", async () => {
    await playbook("wrong", { jobs: { one: { steps: [sh(":", { retryExitCodes: ["soon"] })] } } });
    const { code, stderr } = await cli.run(["orch", "wrong"]);
    assert.equal(code, 2);
    assert.match(stderr, /wrong\.json:\d+:\d+.*retryExitCodes. must be a list of exit codes/s);
  });

  test("3010 is a success that wants a restart, and the job says so", async () => {
    await cli.workspace.write("automation-scripts/0002_Install.sh", "#!/bin/sh\nexit 3010\n", 0o755);
    await playbook("install", {
      jobs: {
        one: { steps: [{ run: "0002" }, sh("exit 3010"), sh('code=194; exit "$code"', { continueOnError: true })] },
      },
    });
    assert.equal(await orch("install"), 0);
    const { restartRequired, status } = await job();
    assert.deepEqual([status, restartRequired], ["Completed", true]);
    assert.deepEqual(
      (await scripts()).map((script) => [script.status, script.exitCode]),
      [
        ["Completed", 3010],
        ["Completed", 3010],
        // The same eight bits, of a script that never spoke of 3010.
        ["Failed", 194],
      ],
    );
    const { because } = await cli.json<Explanation>("explain", "latest");
    assert.ok(because.some((line) => /machine must be restarted/.test(line)));
  });

  test("a script that is silent too long is stopped as timed out; one that speaks is not", async () => {
    await playbook("silent", {
      jobs: {
        talks: { noOutputTimeout: 2, steps: [sh("for i in 1 2 3 4 5 6; do echo $i; sleep 0.6; done")] },
        hangs: { steps: [sh("echo begins; sleep 600", { noOutputTimeout: 1, retries: 1, retryExitCodes: [124] })] },
      },
    });
    assert.equal(await orch("silent"), 1);
    const [talks, hangs] = await scripts();
    assert.equal(talks?.status, "Completed");
    assert.equal(hangs?.attempts.length, 2, "a time-out counts as 124");
    assert.deepEqual(hangs?.attempts[1]?.failure, { kind: "timeout", afterMs: 1_000, silent: true });
    assert.match((await job()).reason, /wrote nothing for 1 s/);
    const { reason } = await cli.json<Explanation>("explain", "latest", hangs!.key);
    assert.match(reason, /wrote nothing for 1 s/);
  });

  test("silence is counted over the death of the daemon", async () => {
    await playbook("hangs", { jobs: { one: { steps: [sh("echo begins; sleep 600", { noOutputTimeout: 3 })] } } });
    const id = await start("hangs");
    await waitFor("its output", async () => /begins/.test((await cli.run(["logs", id])).stdout));
    await cli.killDaemon();
    assert.equal((await cli.run(["wait", id])).code, 1);
    assert.match((await job(id)).reason, /wrote nothing for 3 s/);
  });

  test("time frozen is no silence, also over the death of the daemon", async () => {
    const hangs = { noOutputTimeout: 2, steps: [sh("echo begins; sleep 600")] };
    await playbook("frozen", { jobs: { one: hangs } });
    await playbook("measure", { jobs: { one: hangs } });
    const id = await start("frozen");
    await waitFor("its start", async () => (await scripts(id))[0]?.status === "Running");
    assert.equal((await cli.run(["pause", id, "--freeze"])).code, 0);
    // Another one with the same limit comes to its end meanwhile.
    assert.equal(await orch("measure"), 1);
    await cli.killDaemon();
    assert.equal(await orch("measure"), 1);
    assert.deepEqual([(await job(id)).status, (await scripts(id))[0]?.status], ["Paused", "Running"]);
    assert.equal((await cli.run(["resume", id])).code, 0);
    assert.equal((await cli.run(["wait", id])).code, 1);
    assert.match((await job(id)).reason, /wrote nothing for 2 s/);
  });
});

describe("what a script hands to the next ones of its leg", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const ledger = async (): Promise<string[]> =>
    (await readFile(join(cli.workspace.root, "ledger"), "utf8")).trim().split("\n");

  test("AITHER_ENV and AITHER_PATH: later scripts of the leg see them, other legs do not, a step's own env wins", async () => {
    await cli.workspace.write("tools/hello", '#!/bin/sh\necho "tool $WHO" >> "$HOME/ledger"\n', 0o755);
    const gives = [
      'echo "WHO=${{ matrix.who }}" >> "$AITHER_ENV"',
      'printf "TEXT<<END\\none\\ntwo\\nEND\\n" >> "$AITHER_ENV"',
      'echo "AITHER_JOB_ID=mine" >> "$AITHER_ENV"; echo "NODE_OPTIONS=--inspect" >> "$AITHER_ENV"',
      'echo "$PWD/tools" >> "$AITHER_PATH"',
    ];
    await cli.playbook("hands", {
      test: {
        matrix: { who: ["a", "b"] },
        maxParallel: 1,
        steps: [
          sh(`test -z "$WHO"; ${gives.join("; ")}`),
          sh('hello; echo "$TEXT" | tr "\\n" " " >> "$HOME/ledger"; echo "$NODE_OPTIONS" >> "$HOME/ledger"'),
          sh('echo "own $WHO" >> "$HOME/ledger"; test "$AITHER_JOB_ID" != mine', { env: { WHO: "me" } }),
        ],
      },
      after: { needs: "test", steps: [sh('echo "none [$WHO]" >> "$HOME/ledger"; ! command -v hello')] },
    });
    const { code, stderr } = await cli.run(["orch", "hands"]);
    assert.equal(code, 0, stderr);
    const leg = (who: string) => [`tool ${who}`, "one two ", "own me"];
    assert.deepEqual(await ledger(), [...leg("a"), ...leg("b"), "none []"]);
  });

  test("conditions, templates and outputs of the leg see it as `env`, also over what the playbook declares", async () => {
    await cli.playbook("env", {
      one: {
        env: { MODE: "declared", OTHER: "other" },
        outputs: { mode: "${{ env.MODE }}" },
        steps: [
          sh('echo "first ${{ env.MODE }} $MODE" >> "$HOME/ledger"; echo "MODE=given" >> "$AITHER_ENV"'),
          sh('echo "second ${{ env.MODE }} ${{ env.OTHER }} {{own}}" >> "$HOME/ledger"', {
            if: "env.MODE == 'given'",
            with: { own: "with-${{ env.MODE }}" },
          }),
          sh('echo "NEW=new" >> "$AITHER_ENV"; echo never >> "$HOME/ledger"', { if: "env.MODE == 'declared'" }),
          sh('echo "own ${{ env.MODE }} $COPY" >> "$HOME/ledger"', {
            if: "${{ env.MODE == 'mine' && env.NEW == '' }}",
            env: { MODE: "mine", COPY: "${{ env.OTHER }}" },
          }),
        ],
      },
      two: {
        needs: "one",
        steps: [sh('echo "out ${{ needs.one.outputs.mode }} [${{ env.MODE }}]" >> "$HOME/ledger"')],
      },
    });
    const { code, stderr } = await cli.run(["orch", "env"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(await ledger(), [
      "first declared declared",
      "second given other with-given",
      "own mine other",
      "out given []",
    ]);
  });

  test("they survive the death of the daemon, a failure, and a retry that does not run the giver again", async () => {
    const gate = join(cli.workspace.root, "gate");
    await cli.playbook("keeps", {
      one: {
        steps: [
          sh('echo "GIVEN=yes" >> "$AITHER_ENV"'),
          sh(`echo "LATE=yes" >> "$AITHER_ENV"; while [ ! -e '${gate}' ]; do sleep 0.05; done; exit 1`, {
            continueOnError: true,
          }),
          sh('echo "$GIVEN $LATE" >> "$HOME/ledger"; exit 3'),
        ],
      },
    });
    const id = (await cli.run(["orch", "keeps", "-d"])).stdout.trim();
    await waitFor("the second step", async () => {
      const { stages } = await cli.json<JobDetail>("jobs", "status", id);
      return stages[0]?.legs[0]?.scripts[1]?.status === "Running";
    });
    await cli.killDaemon();
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", id])).code, 1);
    assert.equal((await cli.run(["retry", id])).code, 0);
    assert.equal((await cli.run(["wait", "latest"])).code, 1);
    assert.deepEqual(await ledger(), ["yes yes", "yes yes"]);
  });

  test("all that is promised is set", async () => {
    const names =
      "AITHERZERO_ROOT AITHERZERO_NONINTERACTIVE AITHER_JOB_ID AITHER_JOB_NUMBER AITHER_OUTPUT AITHER_ENV AITHER_PATH AITHER_SUMMARY AITHER_ARTIFACTS";
    const check = `for name in ${names}; do eval "value=\\$$name"; [ -n "$value" ] || { echo "$name is not set"; exit 1; }; done`;
    await cli.playbook("set", { one: { steps: [sh(check)] } });
    const { code, stderr, stdout } = await cli.run(["orch", "set"]);
    assert.equal(code, 0, stdout + stderr);
    assert.equal((await cli.json<PlanView>("playbooks", "plan", "set")).notEnforced.length, 0);
  });
});
