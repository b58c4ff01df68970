import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { findProcesses } from "./find.ts";
import { identify } from "./identity.ts";
import { endInput, sendInput } from "./input.ts";
import { findScripts, freeze, kill, terminate, thaw } from "./kill.ts";
import { lookForHolder, TERMINAL_SIZE, type TerminalHolder } from "./terminal.ts";
import { createRig, waitFor, waitForLines } from "./test-rig.ts";

/** Of the one that nearly everybody has, more. */
const EXITS_RIGHT_AFTER = { script: 1_000, python: 100 };
const CODES = { script: 256, python: 32 };

const folders = ["/usr/bin", "/bin", "/usr/local/bin"];
const holders: readonly (readonly [TerminalHolder["is"], TerminalHolder | undefined])[] = [
  ["script", await lookForHolder(folders)],
  ["python", await python()],
];

/** Where `script` is there, too, Python has to be looked for alone. */
async function python(): Promise<TerminalHolder | undefined> {
  const path = folders.map((folder) => join(folder, "python3")).find((one) => existsSync(one));
  return path === undefined ? undefined : { is: "python", path };
}

const children: readonly (readonly [string, string])[] = [
  ["a plain child", `sh -c 'echo $$; sleep 600' &`],
  ["one that ignores TERM and HUP", `sh -c 'trap "" TERM HUP INT; echo $$; while :; do sleep 600; done' &`],
  ["one in a session of its own", `setsid sh -c 'echo $$; sleep 600' &`],
  ["one forked twice", `( setsid sh -c 'echo $$; sleep 600' & ) &`],
  ["one without environment that holds the terminal", `setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 600' &`],
];

for (const [name, holder] of holders) {
  describe(`a terminal held by ${name}`, () => {
    if (holder?.is !== name) {
      it("runs", (t) => t.skip(`skipped: no ${name} here`));
      return;
    }
    const rig = createRig();
    after(() => rig.end());
    const terminal = { holder, size: TERMINAL_SIZE };
    const start = (text: string, more: Parameters<typeof rig.start>[1] = {}) => rig.start(text, { terminal, ...more });

    it("is a terminal for output, of the size that was asked for, and input is empty", async () => {
      const text = `[ -t 0 ] && echo in; [ -t 1 ] && echo out; [ -t 2 ] && echo err
stty size </dev/tty; echo "$COLUMNS $LINES $TERM"; cat; cat; echo end`;
      const started = await start(text, { terminal: { holder, size: { columns: 132, rows: 43 } } });
      assert.equal((await started.exit()).result.kind, "exited");
      assert.equal(started.log(), "out\r\nerr\r\n43 132\r\n132 43 xterm-256color\r\nend\r\n");
      const without = await rig.start("[ -t 1 ] && echo out; [ -t 2 ] && echo err; echo end");
      await without.exit();
      assert.equal(without.log(), "end\n");
    });

    it(`records codes from 0 to 255, ${CODES[name]} of them`, async () => {
      const codes = Array.from({ length: CODES[name] }, (_, index) => 255 - index);
      const next = async (): Promise<void> => {
        for (let code = codes.shift(); code !== undefined; code = codes.shift()) {
          const { result } = await (await start(`exit ${code}`)).exit();
          assert.ok(result.kind === "exited");
          assert.equal(result.code, code);
        }
      };
      await Promise.all(Array.from({ length: 4 }, next));
    });

    it("records every signal that ends a process, and says nothing of its own", async () => {
      for (const signal of [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGABRT",
        "SIGKILL",
        "SIGSEGV",
        "SIGPIPE",
        "SIGTERM",
      ] as const) {
        const started = await start(`ulimit -c 0; kill -${constants.signals[signal]} $$; sleep 60`);
        const { result } = await started.exit();
        assert.deepEqual(result, { kind: "exited", code: 128 + constants.signals[signal], signal });
        assert.equal(started.log(), "", signal);
      }
    });

    it("says 127 and 126 as a shell does", async () => {
      const nobody = await start("", { argv: ["/nobody/there"] });
      assert.equal(codeOf(await nobody.exit()), 127);
      assert.match(nobody.log(), /\/nobody\/there.*not found/);
      const folder = await start("", { argv: [rig.dir] });
      assert.equal(codeOf(await folder.exit()), 126);
    });

    it("gives the script its own environment, arguments and directory, whatever is in them", async () => {
      const env = {
        PATH: "/usr/bin:/bin",
        SHELL: "/no/such/shell",
        TERM: "vt100",
        "INPUT_A-B": "odd name",
        IFS: "x",
        BASH_ENV: "/nowhere",
        QUOTES: `'"$(exit 3)\`\n\\ é`,
        LONG: "l".repeat(100_000),
      };
      const text = "process.stdout.write(JSON.stringify([process.env, process.argv.slice(1), process.cwd()]))";
      const words = ["", "a b", `'"$x\`\n`, "w".repeat(70_000)];
      const started = await start("", { argv: [process.execPath, "-e", text, "--", ...words], env });
      assert.equal(codeOf(await started.exit()), 0, started.log().slice(0, 500));
      const [seen, argv, cwd] = JSON.parse(started.log().replaceAll("\r\n", "\n"));
      const { PWD: _, AITHER_ATTEMPT: marker, ...rest } = seen;
      assert.deepEqual(rest, { ...env, COLUMNS: "80", LINES: "24" });
      assert.match(marker, /^rig-/);
      assert.deepEqual([argv, cwd], [words, rig.dir]);
    });

    it(`loses no byte of a script that exits right after its last one, ${EXITS_RIGHT_AFTER[name]} times`, async () => {
      let missing = EXITS_RIGHT_AFTER[name];
      const next = async (): Promise<void> => {
        while (missing > 0) {
          missing -= 1;
          const started = await start("", {
            argv: ["/bin/sh", "-c", "printf 'begin\\n%01000d\\nlast byte' 7; exit 5"],
          });
          assert.equal(codeOf(await started.exit()), 5);
          assert.equal(started.log(), `begin\r\n${"0".repeat(999)}7\r\nlast byte`);
        }
      };
      await Promise.all(Array.from({ length: 8 }, next));
    });

    it("hands on a burst of megabytes whole", async () => {
      const started = await start("seq 1 400000; printf end");
      assert.equal(codeOf(await started.exit()), 0);
      const lines = started.log().split("\r\n");
      assert.equal(lines.length, 400_001);
      assert.ok(lines.slice(0, -1).every((line, index) => line === String(index + 1)));
      assert.equal(lines.at(-1), "end");
    });

    it("takes input as if it were typed, and its end", async () => {
      const text = `[ -t 0 ] && echo in; echo ready; while read -r line; do echo "got $line"; done; echo over; exit 4`;
      const started = await start(text, { stdin: true });
      await waitForLines(started.files.log, 2);
      await sendInput(started.files, Buffer.from("one\n"));
      await waitFor(() => started.log().includes("got one"));
      await sendInput(started.files, Buffer.from("two\n"));
      await waitFor(() => started.log().includes("got two"));
      await endInput(started.files);
      assert.equal(codeOf(await started.exit()), 4);
      // What is typed is seen, as on every terminal.
      assert.equal(started.log(), "in\r\nready\r\none\r\ngot one\r\ntwo\r\ngot two\r\nover\r\n");
    });

    it("makes of a typed ctrl-C the signal that it is", async () => {
      const started = await start(`trap 'echo caught; exit 9' INT; echo up; while :; do sleep 0.05; done`, {
        stdin: true,
      });
      await waitForLines(started.files.log, 1);
      await sendInput(started.files, Buffer.from("\x03"));
      assert.equal(codeOf(await started.exit()), 9);
      assert.match(started.log(), /caught/);
    });

    it("a polite TERM reaches the script, which says goodbye and has its own code", async () => {
      const started = await start(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done`);
      await waitForLines(started.files.log, 1);
      assert.ok((await terminate(started.target)).length > 0);
      assert.equal(codeOf(await started.exit()), 3);
      // The shell may tell of its sleep, which was asked to end, too.
      assert.match(started.log(), /^up\r\n(Terminated\r\n)?bye\r\n$/);
    });

    for (const [kind, text] of children) {
      it(`finds and ends ${kind}`, async () => {
        const started = await start(`${text}\nwait; sleep 600`);
        const [pid] = (await waitForLines(started.files.log, 1)).map(Number);
        await waitFor(async () => (await findScripts(started.target)).some((one) => one.pid === pid));
        const report = await kill(started.target);
        assert.deepEqual([report.left, report.wrapperAlive], [[], false]);
        assert.equal(identify(pid ?? assert.fail()), undefined);
        assert.deepEqual((await started.exit()).result, { kind: "exited", code: 137, signal: "SIGKILL" });
        assert.deepEqual(await findProcesses(started.target), []);
      });
    }

    it("stands still when frozen, goes on when thawed, and is killed at full output", async () => {
      const started = await start("exec seq 1 1000000000");
      await waitForLines(started.files.log, 1_000);
      for (let round = 0; round < 5; round += 1) {
        assert.ok((await freeze(started.target)).length > 0);
        await waitFor(async () => (await findScripts(started.target)).every(({ stopped }) => stopped));
        await thaw(started.target);
        const { length } = started.log();
        await waitFor(() => started.log().length > length);
      }
      await freeze(started.target);
      assert.deepEqual((await kill(started.target)).left, []);
      assert.equal(codeOf(await started.exit()), 137);
      const lines = started.log().split("\r\n").slice(0, -1);
      assert.ok(lines.every((line, index) => line === String(index + 1)));
    });

    it("ends with its script, whoever still has the terminal open", async () => {
      const started = await start(
        `( trap '' HUP; echo $(exec sh -c 'echo $PPID'); exec sleep 600 ) & read -r _ </dev/null; sleep 0.2; exit 6`,
      );
      assert.equal(codeOf(await started.exit()), 6);
      assert.deepEqual((await kill(started.target)).left, []);
    });
  });
}

describe("who can hold a terminal", () => {
  it("is not a `script` that is another's, nor a folder without any", async () => {
    const dir = mkdtempSync(join(tmpdir(), "aither-holder-"));
    try {
      assert.equal(await lookForHolder([dir]), undefined);
      writeFileSync(
        join(dir, "script"),
        "#!/bin/sh\necho 'usage: script [-adkpqr] [file [command ...]]' >&2\nexit 1\n",
        { mode: 0o755 },
      );
      assert.equal(await lookForHolder([dir]), undefined);
      const path = folders.map((folder) => join(folder, "python3")).find((one) => existsSync(one));
      if (path === undefined) return;
      symlinkSync(path, join(dir, "python3"));
      assert.deepEqual(await lookForHolder([dir]), { is: "python", path: join(dir, "python3") });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

function codeOf({
  result,
}: {
  readonly result: { readonly kind: string; readonly code?: number };
}): number | undefined {
  return result.code;
}
