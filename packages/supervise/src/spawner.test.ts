import assert from "node:assert/strict";
import { lstatSync, readFileSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { attemptFiles, readClaim, readExit } from "./attempt-files.ts";
import { fence } from "./claim.ts";
import { findProcesses } from "./find.ts";
import { isAlive, readProcessStat } from "./identity.ts";
import { kill } from "./kill.ts";
import { Spawner, type AttemptSpec } from "./spawner.ts";
import { createRig, waitFor, waitForLines } from "./test-rig.ts";

for (const way of ["spawner", "direct"] as const) {
  describe(`starting, ${way}`, () => {
    const rig = createRig({ way });
    after(() => rig.end());

    it("runs a script, keeps its output and its code, and times both ends", async () => {
      const before = Date.now();
      const started = await rig.start("echo out; echo err >&2; exit 7");
      const exit = await started.exit();
      assert.deepEqual(exit.result, { kind: "exited", code: 7, signal: undefined });
      assert.equal(started.log(), "out\nerr\n");
      const claim = await readClaim(started.files);
      assert.equal(claim?.kind, "claimed");
      // The kernel stamps files by a coarse clock, a tick behind.
      assert.ok(claim.startedAt >= before - 20 && exit.endedAt >= claim.startedAt);
      assert.ok(exit.endedAt <= Date.now() + 20);
    });

    it("makes log, claim and exit record readable by nobody else, whatever the script's umask", async () => {
      const started = await rig.start("umask; touch made", { umask: 0o027, separateStderr: true });
      await started.exit();
      assert.equal(started.log().trim(), "0027");
      const { files } = started;
      for (const path of [files.log, files.err, files.exit]) {
        assert.equal((statSync(path).mode & 0o777).toString(8), "600", path);
      }
      assert.equal((statSync(`${rig.dir}/made`).mode & 0o777).toString(8), "640");
      assert.ok(lstatSync(files.claim).isSymbolicLink());
    });

    it("gives the script the caller's environment and nothing else", async () => {
      const env = {
        PATH: "/usr/bin:/bin",
        TEXT: 'it\'s "quoted" $HOME `x` \\ and\ntwo lines\n',
        x: "lower",
        rc: "not ours",
        W: "w",
        IFS: "q",
        EMPTY: "",
        "INPUT_A-B": "dash",
        "BASH_FUNC_f%%": "() { :; }",
        LD_LIBRARY_PATH: "/nowhere",
        UNICODE: "ä→😀",
      };
      const started = await rig.start("", {
        env: { ...env, SHLVL: "4", OLDPWD: "/old", PWD: "/wrong" },
        argv: ["/usr/bin/env", "-0"],
      });
      await started.exit();
      const seen = Object.fromEntries(
        started
          .log()
          .split("\0")
          .filter(Boolean)
          .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
      );
      const { marker } = started.target;
      assert.deepEqual(seen, { ...env, AITHER_ATTEMPT: marker, PWD: rig.dir });
    });

    it("works when the caller's PATH holds nothing, or there is none", async () => {
      for (const env of [{ PATH: "/nowhere" }, {}]) {
        const started = await rig.start("", { env, argv: ["/bin/sh", "-c", "exit 4"] });
        assert.deepEqual((await started.exit()).result, { kind: "exited", code: 4, signal: undefined });
      }
    });

    it("leaves no signal ignored and no descriptor open, and restores the soft limit of files", async () => {
      const started = await rig.start("", {
        argv: ["/bin/sh", "-c", "ulimit -Sn; grep SigIgn /proc/self/status; ls -l /proc/$$/fd"],
        openFilesSoft: 777,
      });
      await started.exit();
      const lines = started.log().split("\n");
      assert.equal(lines[0], "777");
      assert.match(lines[1] ?? "", /^SigIgn:\s0+$/);
      const open = lines.map((line) => / (\d+) -> (.*)$/.exec(line)).filter((found) => found !== null);
      assert.deepEqual(
        open.filter(([, fd]) => Number(fd) < 10).map(([, fd, path]) => [fd, path]),
        [
          ["0", "/dev/null"],
          ["1", started.files.log],
          ["2", started.files.log],
        ],
      );
    });

    it("stands over a limit that cannot be had", async () => {
      const started = await rig.start("exit 3", { openFilesSoft: 2 ** 40 });
      assert.equal((await started.exit()).result.kind, "exited");
    });

    it("says why when the directory is not there, and 127 and 126 for no program", async () => {
      const lost = await rig.start("true", { cwd: "/nowhere/at/all" });
      assert.deepEqual((await lost.exit()).result, { kind: "setup", reason: "cwd" });
      assert.match(lost.log(), /nowhere/);
      const none = await rig.start("", { argv: ["no-such-program-here"] });
      assert.deepEqual((await none.exit()).result, { kind: "exited", code: 127, signal: undefined });
      assert.match(none.log(), /not found/);
      const data = await rig.start("", { argv: [none.files.log] });
      assert.deepEqual((await data.exit()).result, { kind: "exited", code: 126, signal: undefined });
    });

    it("keeps arguments as they are", async () => {
      const words = ["", "a b", "it's", "$HOME", "*", "new\nline", "-n", "ä"];
      const started = await rig.start("", { argv: ["/usr/bin/printf", "%s\\0", ...words] });
      await started.exit();
      assert.deepEqual(started.log().split("\0").slice(0, -1), words);
    });

    it("reports a start whose log cannot be made, and goes on with the next", async () => {
      const files = attemptFiles(`${rig.dir}/missing`, "a.1");
      const result = await rig.spawner.start(rig.spec("true", { files }));
      assert.deepEqual(result, { kind: "unclaimed", reason: "not-forked" });
      assert.deepEqual(rig.spawner.pending, []);
      assert.equal((await (await rig.start("exit 1")).exit()).result.kind, "exited");
    });

    it("carries an environment of a megabyte, and reports one that no process can have", async () => {
      const env: Record<string, string> = { PATH: "/usr/bin:/bin" };
      for (let index = 0; index < 20; index += 1) env[`BIG_${index}`] = `${index}`.repeat(50_000);
      const big = await rig.start('printf %s "$BIG_3$BIG_19" | wc -c', { env });
      await big.exit();
      assert.equal(big.log().trim(), "150000");
      const spec = rig.spec("true", { env: { HUGE: "x".repeat(200_000) } });
      const result = await rig.spawner.start(spec);
      assert.deepEqual(result, { kind: "unclaimed", reason: "not-forked" });
      assert.deepEqual(await fence(spec.files, "d1"), { kind: "fenced" });
    });

    it("reports a refused start when the attempt is fenced", async () => {
      const spec = rig.spec("echo must not run");
      assert.deepEqual(await fence(spec.files, "d1"), { kind: "fenced" });
      assert.deepEqual(await rig.spawner.start(spec), { kind: "refused" });
      assert.equal(readFileSync(spec.files.log, "utf8"), "");
    });
  });
}

describe("the spawner's death", () => {
  const rig = createRig();
  after(() => rig.end());

  it("costs nothing that runs, and what it did not do can be fenced", async () => {
    const ledger = `${rig.dir}/ledger`;
    const specs = Array.from({ length: 60 }, (_, index) => rig.spec(`echo ${index} >> ${ledger}; exit ${index}`));
    const running = await rig.start("read -r x; echo $x; exit 9", { stdin: true });
    const results = specs.map((spec) => rig.spawner.start(spec));
    await results[5];
    const { pid } = rig.spawner;
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    let unclaimed = 0;
    for (const [index, spec] of specs.entries()) {
      const result = await results[index];
      assert.ok(result !== undefined && result.kind !== "refused");
      if (result.kind === "unclaimed") {
        unclaimed += 1;
        const fenced = await fence(spec.files, "d1");
        if (fenced.kind === "fenced") continue;
      }
      const exit = await waitFor(() => readExit(spec.files));
      assert.deepEqual(exit.result, { kind: "exited", code: index, signal: undefined });
    }
    assert.ok(unclaimed > 0, "the spawner was killed in the middle");
    const lines = readFileSync(ledger, "utf8").trim().split("\n");
    assert.equal(new Set(lines).size, lines.length, "nothing ran twice");
    for (const [index, spec] of specs.entries()) {
      const claim = await readClaim(spec.files);
      assert.equal(claim?.kind === "claimed", lines.includes(String(index)));
    }
    // And the next start brings a new spawner.
    const next = await rig.start("exit 2");
    assert.equal((await next.exit()).result.kind, "exited");
    assert.notEqual(rig.spawner.pid, pid);
    assert.ok(isAlive(running.target.wrapper ?? assert.fail()));
    await kill(running.target);
    assert.deepEqual((await running.exit()).result, { kind: "exited", code: 137, signal: "SIGKILL" });
  });

  it("a spawner that stands still is given up, and replaced", async () => {
    const spawner = new Spawner({ claimTimeoutMs: 300 });
    const warm = rig.spec("true");
    assert.equal((await spawner.start(warm)).kind, "claimed");
    const { pid } = spawner;
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGSTOP");
    const spec = rig.spec("true");
    assert.deepEqual(await spawner.start(spec), { kind: "unclaimed", reason: "timeout" });
    assert.deepEqual(await fence(spec.files, "d1"), { kind: "fenced" });
    await waitFor(() => ["Z", undefined].includes(readProcessStat(pid)?.state));
    assert.equal((await spawner.start(rig.spec("true"))).kind, "claimed");
    await spawner.close();
    assert.deepEqual(await spawner.start(rig.spec("true")), { kind: "unclaimed", reason: "closed" });
  });
});

describe("a machine whose setsid cannot fork", () => {
  const rig = createRig({ setsidPath: "/bin/false" });
  after(() => rig.end());

  it("costs no attempt: this process forks itself", async () => {
    const all = await Promise.all([1, 2, 3].map((code) => rig.start(`exit ${code}`)));
    for (const [index, started] of all.entries()) {
      const { result } = await started.exit();
      assert.deepEqual(result, { kind: "exited", code: index + 1, signal: undefined });
    }
    const again = await rig.start("exit 9");
    assert.equal((await again.exit()).result.kind, "exited");
  });
});

describe("a machine without the shell", () => {
  const rig = createRig();
  after(() => rig.end());

  for (const way of ["spawner", "direct"] as const) {
    it(`is told by the result, ${way}`, async () => {
      const spawner = new Spawner({ shell: `${rig.dir}/no-shell`, way });
      const result = await spawner.start(rig.spec("true"));
      assert.equal(result.kind, "unclaimed");
      await spawner.close();
    });
  }

  it("and a spec that makes no sense is a bug of the caller's", async () => {
    const spec = rig.spec("true");
    for (const wrong of [{ cwd: "here" }, { bell: "bell" }, { argv: ["-c"] }, { argv: ["a\0"] }]) {
      await assert.rejects(rig.spawner.start({ ...spec, ...wrong } as AttemptSpec));
    }
  });
});

describe("the starter's death", () => {
  const rig = createRig();
  after(() => rig.end());

  for (const way of ["spawner", "direct"] as const) {
    it(`leaves scripts running with a complete log, ${way}`, async () => {
      const order = rig.spec(
        `echo ready; while [ ! -e ${rig.dir}/go.${way} ]; do sleep 0.01; done; seq 1 2000; exit 5`,
      );
      // Another process plays the daemon: it starts the attempt, says so, and is killed.
      const program =
        `import { Spawner } from ${JSON.stringify(new URL("./spawner.ts", import.meta.url).href)};` +
        `const spawner = new Spawner({ way: ${JSON.stringify(way)} });` +
        `const result = await spawner.start(JSON.parse(process.argv[1]));` +
        `console.log(JSON.stringify(result)); setInterval(() => {}, 1000);`;
      const daemon = spawn(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "-e", program, JSON.stringify(order)],
        { stdio: ["ignore", "pipe", "inherit"], cwd: fileURLToPath(new URL(".", import.meta.url)) },
      );
      const lines = createInterface({ input: daemon.stdout })[Symbol.asyncIterator]();
      const said = (await lines.next()).value as string;
      const { kind, process: wrapper } = JSON.parse(said);
      assert.equal(kind, "claimed");
      await waitForLines(order.files.log, 1);
      daemon.kill("SIGKILL");
      await new Promise((resolve) => daemon.once("exit", resolve));
      assert.ok(isAlive(wrapper));
      await rig.start(`touch go.${way}`);
      const exit = await waitFor(() => readExit(order.files));
      assert.deepEqual(exit.result, { kind: "exited", code: 5, signal: undefined });
      const numbers = Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join("");
      assert.equal(readFileSync(order.files.log, "utf8"), `ready\n${numbers}`);
      const target = { wrapper, marker: order.marker, outputPaths: [order.files.log] };
      await waitFor(async () => (await findProcesses(target)).length === 0);
    });
  }
});
