import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { JobDetail, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { hasUpstream, layOutUpstream } from "../rig/upstream.ts";
import { waitFor } from "../rig/wait.ts";

/** What surrounds the stages of a playbook: hooks, post actions, artifacts. */

const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });

describe("around the stages", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  /** A playbook whose scripts write to a ledger, which tells what ran and in which order. */
  const note = (word: string, more: object = {}) => sh(`echo ${word} >> "$HOME/ledger"`, more);
  const ledger = async () => (await readFile(join(cli.workspace.root, "ledger"), "utf8")).trim().split("\n");
  const playbook = async (name: string, orchestration: object) =>
    cli.workspace.write(`playbooks/${name}.json`, JSON.stringify({ metadata: { name }, orchestration }));
  const status = async () => cli.json<JobDetail>("jobs", "status", "latest");

  test("hooks run around the job and around each stage, in order, and a failed post action fails nothing", async () => {
    await playbook("hooks", {
      order: "written",
      hooks: {
        before: [note("before")],
        after: [note("after")],
        onSuccess: [note("success")],
        onFailure: [note("failure")],
        beforeStage: [note("before-stage")],
        afterStage: [note("after-stage")],
      },
      postActions: [sh('echo report >> "$HOME/ledger"; exit 7'), note("second"), note("never", { when: "failure" })],
      jobs: {
        one: { hooks: { before: [note("pre")], after: [note("post")] }, steps: [note("one")] },
        two: { steps: [note("two")] },
      },
    });
    const ended = await cli.run(["orch", "hooks"]);
    assert.equal(ended.code, 0, ended.stderr);
    const order =
      "before before-stage pre one post after-stage before-stage two after-stage report second success after";
    assert.deepEqual(await ledger(), order.split(" "));
    const job = await status();
    const report = job.stages
      .flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts))
      .find((s) => s.exitCode === 7);
    assert.equal(report?.status, "Failed");
    assert.equal(job.status, "Completed");
  });

  test("after a failure the rest still has its turn; a post action that counts fails the job", async () => {
    await playbook("broken", {
      hooks: { onSuccess: [note("success")], onFailure: [note("failure")] },
      postActions: [note("post"), note("only-failure", { when: "failure" }), note("only-success", { when: "success" })],
      jobs: { one: { hooks: { onFailure: [note("stage-failed")] }, steps: [sh("exit 3"), note("never")] } },
    });
    assert.equal((await cli.run(["orch", "broken"])).code, 1);
    assert.deepEqual(await ledger(), ["stage-failed", "post", "only-failure", "failure"]);
    await playbook("counts", {
      postActions: [sh("exit 4", { continueOnError: false })],
      jobs: { one: { steps: [sh(":")] } },
    });
    assert.equal((await cli.run(["orch", "counts"])).code, 1);
    assert.match((await status()).reason, /Post actions/);
  });

  test("a hook before the job that fails keeps everything else from running", async () => {
    await playbook("guarded", { hooks: { before: [sh("exit 9")] }, jobs: { one: { steps: [note("one")] } } });
    assert.equal((await cli.run(["orch", "guarded"])).code, 1);
    assert.equal((await status()).stages.find(({ id }) => id === "one")?.status, "Skipped");
  });

  test("hooks of a stage whose steps run side by side come before and behind all of them", async () => {
    const steps = [0, 1, 2].map((n) => note(`step${n}`));
    await playbook("side", {
      jobs: { one: { parallel: true, hooks: { before: [note("pre")], after: [note("post")] }, steps } },
    });
    assert.equal((await cli.run(["orch", "side"])).code, 0);
    const lines = await ledger();
    assert.equal(lines[0], "pre");
    assert.equal(lines.at(-1), "post");
    assert.deepEqual(lines.slice(1, -1).sort(), ["step0", "step1", "step2"]);
  });

  test("a profile takes away none of what surrounds the stages, and the plan says when each has its turn", async () => {
    await playbook("small", {
      hooks: { before: [note("before")], onFailure: [note("failure")], after: [note("after")] },
      postActions: [note("post")],
      artifacts: "ledger",
      profiles: { quick: { stages: ["one"] } },
      jobs: { one: { steps: [note("one")] }, two: { steps: [note("two")] } },
    });
    const { stdout } = await cli.run(["playbooks", "plan", "small", "--profile", "quick"]);
    assert.match(stdout, /2\. two — the profile quick does not list it/);
    assert.match(stdout, /^\+ Before \(hook, before the stages\)$/m);
    assert.match(stdout, /^\+ On failure \(hook, behind the stages, when failure\(\)\)$/m);
    assert.match(stdout, /^\+ After \(hook, behind the stages, when always\(\)\)$/m);
    assert.equal((await cli.run(["orch", "small", "--profile", "quick"])).code, 0);
    assert.deepEqual(await ledger(), ["before", "one", "post", "after"]);
    assert.equal((await status()).stages.find(({ id }) => id === "artifacts")?.status, "Completed");
  });

  test("a post action outlives the daemon that started it", async () => {
    const gate = join(cli.workspace.root, "gate");
    await playbook("long", {
      postActions: [note("began", { name: "slow" }), sh(`while [ ! -e ${gate} ]; do sleep 0.05; done`), note("ended")],
      jobs: { one: { steps: [sh(":")] } },
    });
    await cli.json("orch", "long", "-d");
    await waitFor("the post action", async () => (await ledger().catch((): string[] => [])).includes("began"));
    await cli.killDaemon();
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", "latest"])).code, 0);
    assert.deepEqual(await ledger(), ["began", "ended"]);
  });

  test("a real playbook's post actions run behind its stages; what they lack on this machine fails nothing", async (t) => {
    if (!hasUpstream) return t.skip("skipped: no shared data");
    await layOutUpstream(cli.workspace.folder);
    const marks = join(cli.workspace.root, "marks");
    const env = { LEDGER: marks, SLOW: "none", FAILS: "none", GATE: marks, PATH: "/usr/bin:/bin" };
    const ended = await cli.run(["orch", "run-tests-parallel-comprehensive"], { env });
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /All parallel tests completed successfully/);
    assert.equal((await readFile(marks, "utf8")).trim().split("\n").at(-1), "end 0512");
    const job = await status();
    assert.equal(job.stages.at(-1)?.name, "Post actions");
    const lacksPowerShell = !["/usr/bin/pwsh", "/bin/pwsh"].some((path) => existsSync(path));
    if (lacksPowerShell)
      assert.match(JSON.stringify(job.notEnforced), /pwsh is missing, so it will fail, which fails nothing/);
  });

  test("a plan shows what comes around apart from the stages, and a conversion keeps it", async () => {
    await playbook("shown", {
      hooks: { before: [note("before")] },
      postActions: [note("post", { when: "always" })],
      artifacts: ["out/**"],
      jobs: { one: { artifacts: "x.txt", steps: [note("one", { artifacts: { paths: ["y"], required: true } })] } },
    });
    const plan = await cli.json<PlanView>("playbooks", "plan", "shown");
    assert.deepEqual(
      plan.stages.map(({ id }) => id),
      ["one"],
    );
    assert.deepEqual(
      plan.around.map(({ id, role, condition }) => [id, role, condition]),
      [
        ["before", "hook", null],
        ["post-actions", "post-action", "always()"],
        ["artifacts", "artifacts", "always()"],
      ],
    );
    assert.deepEqual(plan.notEnforced, []);
    const { stdout } = await cli.run(["playbooks", "convert", "shown"]);
    await cli.workspace.write("playbooks/again.yml", stdout);
    const again = await cli.json<PlanView>("playbooks", "plan", "playbooks/again.yml");
    assert.deepEqual([again.stages, again.around], [plan.stages, plan.around]);
  });
});

describe("artifacts", () => {
  let cli: Cli;
  before(async () => {
    cli = await Cli.create();
    const outside = join(cli.workspace.root, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "secret"), "secret");
    await mkdir(join(cli.workspace.folder, "out/deep"), { recursive: true });
    await symlink(outside, join(cli.workspace.folder, "out/link"));
    await symlink(join(outside, "secret"), join(cli.workspace.folder, "out/secret.txt"));
    const jobs = {
      build: {
        artifacts: [{ name: "all", paths: ["out/**/*.txt", "!out/deep/no.txt"] }],
        steps: [
          sh(
            'echo a > out/a.txt; echo b > out/deep/b.txt; echo no > out/deep/no.txt; echo c > "$AITHER_ARTIFACTS/dropped"',
            {
              id: "make",
              artifacts: { paths: ["out/a.txt"], when: "success" },
            },
          ),
          sh("exit 5", { id: "break", continueOnError: true, artifacts: { paths: ["out/a.txt"], when: "success" } }),
        ],
      },
    };
    await cli.playbook("keeps", jobs);
    assert.equal((await cli.run(["orch", "keeps"])).code, 0);
  });
  after(async () => cli[Symbol.asyncDispose]());

  test("are kept by step, by stage, and from where scripts drop them; links lead nowhere outside", async () => {
    const job = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(
      job.artifacts?.map(({ name, bytes }) => [name, bytes]),
      [
        ["all/out/a.txt", 2],
        ["all/out/deep/b.txt", 2],
        ["build-make/out/a.txt", 2],
        ["dropped", 2],
      ],
    );
    const { stdout } = await cli.run(["logs", "latest"]);
    assert.match(stdout, /out\/secret\.txt leads out of the workspace/);
  });

  test("are listed and read by name, and by no other", async () => {
    const { stdout } = await cli.run(["jobs", "artifacts", "latest", "all/out/deep/b.txt"]);
    assert.equal(stdout, "b\n");
    const out = join(cli.workspace.root, "got.txt");
    assert.equal((await cli.run(["artifacts", "latest", "dropped", "-o", out])).code, 0);
    assert.equal(await readFile(out, "utf8"), "c\n");
    assert.equal((await cli.run(["artifacts", "latest", "dropped", "-o", out])).code, 2);
    for (const name of ["../env.json", "..", "all/../../env.json", "/etc/passwd", "all", "all/", "none"]) {
      const refused = await cli.run(["artifacts", "latest", name]);
      assert.deepEqual([refused.code, refused.stdout], [4, ""], name);
    }
  });

  test("travel as attachments that no page may run", async () => {
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const { socket: socketPath } = cli.workspace.places;
      const path = `/api/jobs/latest/artifacts/${encodeURIComponent("all/out/a.txt")}`;
      request({ socketPath, path }, (reply) => {
        reply.resume();
        resolve(reply.headers);
      })
        .on("error", reject)
        .end();
    });
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(String(headers["content-security-policy"]), /sandbox/);
    assert.match(String(headers["content-disposition"]), /^attachment; .*a\.txt/);
  });

  test("that are required and missing fail their stage; others are a warning in the log", async () => {
    const job = (artifacts: object) => ({ one: { artifacts, steps: [sh(":")] } });
    await cli.playbook("missing", job({ paths: ["nowhere/*"] }));
    assert.equal((await cli.run(["orch", "missing"])).code, 0);
    assert.match((await cli.run(["logs", "latest"])).stdout, /warning: nothing matches nowhere/);
    await cli.playbook("required", job({ paths: ["nowhere/*"], required: true }));
    assert.equal((await cli.run(["orch", "required"])).code, 1);
    assert.match((await cli.run(["logs", "latest"])).stdout, /error: nothing matches nowhere/);
  });

  test("what a collection that was cut off left behind is gone after the next one", async () => {
    await cli.playbook("again", {
      one: {
        artifacts: ["out/a.txt"],
        steps: [
          sh(
            ':> "$AITHER_ARTIFACTS/x"; mkdir -p "$AITHER_ARTIFACTS/one/out"; echo half > "$AITHER_ARTIFACTS/one/out/.keeping-1"',
          ),
        ],
      },
    });
    assert.equal((await cli.run(["orch", "again"])).code, 0);
    const { artifacts } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(
      artifacts?.map(({ name }) => name),
      ["one/out/a.txt", "x"],
    );
    const { jobId } = await cli.json<JobDetail>("jobs", "status", "latest");
    const day = (await readdir(join(cli.workspace.places.state, "jobs"))).sort().at(-1)!;
    assert.deepEqual(await readdir(join(cli.workspace.places.state, "jobs", day, jobId, "artifacts/one/out")), [
      "a.txt",
    ]);
  });
});

describe("the limit of artifacts", () => {
  test("is the job's, and what does not fit is said", async () => {
    await using cli = await Cli.create();
    const config = join(cli.workspace.root, ".config/aither");
    await mkdir(config, { recursive: true });
    await writeFile(join(config, "config.json"), JSON.stringify({ artifactBytesMax: 10 }));
    await cli.playbook("big", {
      one: { artifacts: ["*.bin"], steps: [sh("printf 12345678 > a.bin; printf 12345678 > b.bin")] },
    });
    assert.equal((await cli.run(["orch", "big"])).code, 0);
    const { artifacts } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(
      artifacts?.map(({ name }) => name),
      ["one/a.bin"],
    );
    assert.match((await cli.run(["logs", "latest"])).stdout, /b\.bin .* is not kept: the job's limit/);
  });
});
