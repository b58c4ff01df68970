import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isAlive, readProcessStat } from "./identity.ts";
import { endInput, sendInput } from "./input.ts";
import { createRig, shells, waitFor, waitForLines } from "./test-rig.ts";
import { INLINE_TEXT_BYTES_MAX, inlineScript, quote, splitEnvironment } from "./wrapper.ts";

for (const shell of shells) {
  describe(`the wrapper under ${shell.name}`, () => {
    if (shell.path === undefined) {
      it("runs", (t) => t.skip(`skipped: no ${shell.name} here`));
      return;
    }
    const dir = mkdtempSync(join(tmpdir(), "aither-shell-"));
    // Busybox is a shell only under the name of one.
    const path = shell.name === "busybox" ? join(dir, "sh") : shell.path;
    if (path !== shell.path) symlinkSync(shell.path, path);
    const rig = createRig({ shell: path });
    after(async () => {
      await rig.end();
      rmSync(dir, { recursive: true });
    });

    it("records every code from 0 to 255", async () => {
      const codes = Array.from({ length: 256 }, (_, code) => code);
      const seen: number[] = [];
      // A few at a time: the machine is not ours alone.
      const next = async (): Promise<void> => {
        for (let code = codes.shift(); code !== undefined; code = codes.shift()) {
          const started = await rig.start(`exit ${code}`);
          const { result } = await started.exit();
          assert.ok(result.kind === "exited");
          assert.equal(result.code, code);
          seen.push(result.code);
        }
      };
      await Promise.all(Array.from({ length: 8 }, next));
      assert.equal(seen.length, 256);
    });

    it("records every signal that ends a process", async () => {
      const harmless = ["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"];
      const stopping = ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"];
      for (const [name, number] of Object.entries(constants.signals)) {
        if ([...harmless, ...stopping].includes(name)) continue;
        const started = await rig.start(`ulimit -c 0; kill -${number} $$; sleep 60`);
        const { result } = await started.exit();
        assert.ok(result.kind === "exited");
        assert.equal(result.code, 128 + number, name);
        assert.equal(result.signal && constants.signals[result.signal], number, name);
        assert.equal(started.log(), "", "the shell's own words never reach the log");
      }
    });

    it("outlives a TERM to its group and records 143", async () => {
      const started = await rig.start("echo up; sleep 60");
      await waitForLines(started.files.log, 1);
      const { pid } = started.target.wrapper ?? assert.fail();
      assert.ok(process.kill(-pid, "SIGTERM"));
      assert.deepEqual((await started.exit()).result, {
        kind: "exited",
        code: 143,
        signal: "SIGTERM",
      });
    });

    it("waits through hangup, interrupt and quit while its script handles them", async () => {
      const started = await rig.start(
        "trap 'echo int' INT; trap 'echo hup' HUP; echo up; n=0; " +
          "while [ $n -lt 2 ]; do sleep 0.02; [ -e hup ] && [ -e int ] && n=2; done; exit 6",
      );
      await waitForLines(started.files.log, 1);
      const { pid } = started.target.wrapper ?? assert.fail();
      process.kill(-pid, "SIGINT");
      await waitFor(() => started.log().includes("int"));
      process.kill(-pid, "SIGHUP");
      await waitFor(() => started.log().includes("hup"));
      writeFileSync(`${rig.dir}/hup`, "");
      writeFileSync(`${rig.dir}/int`, "");
      const { result } = await started.exit();
      assert.deepEqual(result, { kind: "exited", code: 6, signal: undefined });
    });

    it("tells the script's CPU time", async () => {
      const started = await rig.start("n=0; while [ $n -lt 60000 ]; do n=$((n + 1)); done");
      const exit = await started.exit();
      assert.ok(exit.userMs + exit.systemMs > 5, JSON.stringify(exit));
    });

    it("rings the bell only after the record is written, and is gone afterwards", async () => {
      const spec = rig.spec("exit 11");
      const started = await rig.start("exit 11", { files: spec.files });
      await waitFor(() => existsSync(spec.bell));
      assert.match(readFileSync(started.files.exit, "utf8"), /^exit 11 \.$/m);
      const { wrapper } = started.target;
      await waitFor(() => wrapper !== undefined && !isAlive(wrapper));
    });

    it("writes the code into the blocks it was given", async () => {
      const spec = rig.spec("");
      writeFileSync(spec.files.exit, "\n".repeat(128));
      const started = await rig.start("exit 12", { files: spec.files });
      const { result } = await started.exit();
      assert.deepEqual(result, { kind: "exited", code: 12, signal: undefined });
      assert.equal(readFileSync(spec.files.exit).length, 128);
    });

    // A ksh93 that is /bin/sh closes the read end of a FIFO it opened for both; no system we start on has that.
    const skip = shell.name === "ksh93" ? "skipped: ksh93 loses the input" : false;
    it("hands input on, through senders that come and go, until it is ended", { skip }, async () => {
      const started = await rig.start("echo up; while read -r x; do echo got $x; done; exit 8", {
        stdin: true,
      });
      await waitForLines(started.files.log, 1);
      assert.deepEqual(await sendInput(started.files, Buffer.from("one\n")), { kind: "sent" });
      await waitForLines(started.files.log, 2);
      assert.deepEqual(await sendInput(started.files, Buffer.from("two\n")), { kind: "sent" });
      await waitForLines(started.files.log, 3);
      assert.deepEqual(await endInput(started.files), { kind: "sent" });
      const { result } = await started.exit();
      assert.deepEqual(result, { kind: "exited", code: 8, signal: undefined });
      assert.equal(started.log(), "up\ngot one\ngot two\n");
      await waitFor(() => !existsSync(started.files.stdin));
      assert.deepEqual(await sendInput(started.files, Buffer.from("late\n")), { kind: "closed" });
    });

    it("leaves nothing of the input behind when the script never read it", async () => {
      const started = await rig.start("exit 0", { stdin: true });
      await started.exit();
      const { pid } = started.target.wrapper ?? assert.fail();
      await waitFor(() => !existsSync(`${started.files.base}.eof`));
      await waitFor(() => readProcessStat(pid) === undefined || !isAlive(started.target.wrapper!));
    });

    it("says when a script does not read its input", async () => {
      const started = await rig.start("echo up; sleep 60", { stdin: true });
      await waitForLines(started.files.log, 1);
      const sent = await sendInput(started.files, Buffer.alloc(200_000), { timeoutMs: 60 });
      assert.equal(sent.kind, "full");
    });

    it("takes a text too long for an argument from a file", async () => {
      const filler = `: ${"x".repeat(INLINE_TEXT_BYTES_MAX)}\n`;
      for (const text of ["echo $0 $1; exit 4", `${filler}echo $1; exit 4`]) {
        const spec = rig.spec("");
        const inline = inlineScript({
          shell: ["/bin/sh"],
          text,
          textPath: `${spec.files.base}.text`,
          arguments: ["first"],
        });
        if (inline.file !== undefined) writeFileSync(inline.file.path, inline.file.bytes);
        assert.equal(inline.file !== undefined, text.length > INLINE_TEXT_BYTES_MAX);
        const started = await rig.start("", { ...spec, argv: inline.argv });
        const { result } = await started.exit();
        assert.deepEqual(result, { kind: "exited", code: 4, signal: undefined });
        assert.match(started.log(), /first/);
      }
    });
  });
}

describe("the environment on its way through a shell", () => {
  it("sorts names by what a shell makes of them", () => {
    const { plain, odd } = splitEnvironment({
      A: "1",
      "a-b": "2",
      IFS: "3",
      LD_PRELOAD: "4",
      _aw_b: "5",
      SHLVL: "6",
    });
    assert.deepEqual(plain, [["A", "1"]]);
    assert.deepEqual(odd, ["a-b=2", "IFS=3", "LD_PRELOAD=4", "_aw_b=5"]);
  });

  it("refuses what no process can be given", () => {
    assert.throws(() => splitEnvironment({ "A=B": "" }));
    assert.throws(() => splitEnvironment({ A: "\0" }));
    assert.throws(() => splitEnvironment({ "": "" }));
  });

  it("quotes anything", () => {
    assert.equal(quote("it's"), `'it'\\''s'`);
  });
});
