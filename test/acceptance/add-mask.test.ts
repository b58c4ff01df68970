import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** `::add-mask::VALUE`: what a script names is a secret of its job from there on. */

const TOKEN = "tok-4711-abcdef";
const FOUND = /4711|abcdef|dG9rLTQ3MTE/;

describe("a value that a script names as secret", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const gate = (name: string): string => join(cli.workspace.root, name);
  const open = async (name: string): Promise<string> => cli.workspace.write(`../${name}`, "");
  const wait = (name: string): string => `while [ ! -e '${gate(name)}' ]; do sleep 0.02; done`;
  const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });

  test("live, in the same write and cut in two; in what runs beside it; and nowhere else, nor after a restart", async () => {
    await cli.playbook("names", {
      a: {
        steps: [
          // The token is made here: nothing that is written anywhere else holds it.
          sh(
            `T=tok-$((4700+11))-abc; T="$T"def; printf '::add-mask::%s\\nit is %s\\n' "$T" "$T"
printf '::add-ma'; sleep 0.2; printf 'sk::other%%0A%s' "$T"; sleep 0.2; printf 'x\\nand %sx, other\\n' "$T"
echo "out=$T" >> "$AITHER_OUTPUT"; printf '%s' "$T" | base64; echo "# $T" >> "$AITHER_SUMMARY"
echo "::warning title=$T::it was $T"; ${wait("a")}; echo "late $T"`,
            { id: "say", separateStderr: true },
          ),
          sh("echo quick; echo ::add-mask::quick-one", { name: "Quick" }),
          sh('echo "was quick-one, and $OUT" >&2; exit 3', { env: { OUT: "${{ steps.say.outputs.out }}" } }),
        ],
      },
      beside: {
        steps: [sh(`echo here; ${wait("b")}; printf "tok-$((4700+11))-abc"; echo def, beside`, { name: "Beside" })],
      },
    });
    const job = cli.start(["orch", "names"]);
    await job.says(/late|it was \*\*\*/);
    await open("b");
    await job.says(/\*\*\*, beside/);
    await open("a");
    const ended = await job.ended;
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /::add-mask::\*\*\*\n/);
    assert.match(ended.stdout, /it is \*\*\*\n/);
    assert.match(ended.stdout, /and \*\*\*, \*\*\*\n/);
    assert.match(ended.stdout, /late \*\*\*\n/);
    assert.match(ended.stdout, /was \*\*\*, and \*\*\*\n/);
    assert.doesNotMatch(ended.stdout + ended.stderr, FOUND);
    const doors = [
      ["logs", "latest"],
      ["logs", "latest", "--raw"],
      ["logs", "latest", "--json"],
      ["jobs", "status", "latest", "--json"],
      ["jobs", "events", "latest", "--json"],
      ["explain", "latest"],
      ["search", "beside"],
      ...["md", "json", "junit", "html"].map((format) => ["report", "latest", "--format", format]),
    ];
    const look = async (): Promise<void> => {
      for (const argv of doors) {
        const { code, stdout, stderr } = await cli.run(argv);
        assert.equal(code, 0, `${argv.join(" ")}: ${stderr}`);
        assert.ok(stdout.length > 20, argv.join(" "));
        assert.doesNotMatch(stdout, FOUND, argv.join(" "));
      }
      assert.equal((await cli.run(["search", TOKEN])).code, 1, "nobody finds out by searching");
    };
    await look();
    await cli.killDaemon();
    await look();
    const { jobId, stages } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(stages[0]?.legs[0]?.scripts[0]?.outputs, { out: "***" });
    const file = join(await cli.workspace.jobFolder(jobId), "masks.json");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), {
      values: [TOKEN, `other\n${TOKEN}x`, "quick-one"],
      isOver: false,
    });
  });

  test("what is named while there is no daemon is known to the next one, of scripts that ended meanwhile, too", async () => {
    // No plan and no name holds it.
    const n = { env: { FILE: await cli.workspace.write("number", "4711\n") } };
    await cli.playbook("alone", {
      a: {
        steps: [
          sh(`echo up; ${wait("a")}; echo "::add-mask::tok-$(cat "$FILE")"; echo named; ${wait("c")}`, {
            ...n,
            name: "A",
          }),
        ],
      },
      b: { steps: [sh(`echo up; ${wait("b")}; printf ' ::add-mask::pin-%s' "$(cat "$FILE")"`, { ...n, name: "B" })] },
      c: { needs: ["b"], steps: [sh('echo "pin-$(cat "$FILE") tok-$(cat "$FILE")"', { ...n, name: "C" })] },
    });
    const job = cli.start(["orch", "alone", "-d"]);
    await job.ended;
    const following = cli.start(["logs", "-f", "latest"]);
    await following.says(/up[^]*up/);
    await cli.killDaemon();
    await open("a");
    await open("b");
    // Whoever asks first starts the next daemon.
    const again = cli.start(["logs", "-f", "latest"]);
    await again.says(/\*\*\* \*\*\*/);
    await open("c");
    for (const { stdout } of [await again.ended, await following.ended]) assert.doesNotMatch(stdout, FOUND);
    assert.equal((await cli.json<JobDetail>("jobs", "status", "latest")).status, "Completed");
    assert.doesNotMatch((await cli.run(["logs", "latest"])).stdout, FOUND);
  });

  test("who follows the raw bytes loses none when its daemon dies, though what came before is masked by then", async () => {
    await cli.playbook("raw", {
      a: {
        steps: [
          sh(`S=secret-of-many-bytes-$((4700+11)); echo "before $S"; ${wait("a")}; echo "::add-mask::$S"; echo line-1
${wait("b")}; for i in 2 3 4 5 6 7; do echo "line-$i"; sleep 0.05; done`),
        ],
      },
    });
    await cli.run(["orch", "raw", "-d"]);
    const following = cli.start(["logs", "-f", "latest", "--raw"]);
    await following.says(/before/);
    await open("a");
    await following.says(/line-1/);
    await cli.killDaemon();
    await open("b");
    const { stdout } = await following.ended;
    assert.match(stdout, /^before secret-of-many-bytes-4711\n::add-mask::\*\*\*\nline-1\n/);
    assert.deepEqual(
      stdout.match(/line-\d/g),
      [1, 2, 3, 4, 5, 6, 7].map((number) => `line-${number}`),
    );
  });

  test("who names too much is told so, and what was named first is masked all the same", async () => {
    await cli.playbook("much", {
      a: {
        steps: [sh('S=real-$((4700+11)); echo "::add-mask::$S"; seq -f "::add-mask::junk-%.0f-x" 2000; echo "$S"')],
      },
    });
    assert.equal((await cli.run(["orch", "much"])).code, 0);
    await cli.killDaemon();
    assert.match((await cli.run(["explain", "latest"])).stdout, /named more as secret .*64 KiB/);
    assert.doesNotMatch((await cli.run(["logs", "latest"])).stdout, FOUND);
  });

  test("a retry and an undo know it, for they show what earlier scripts told", async () => {
    await cli.playbook("again", {
      a: {
        steps: [
          sh('T=tok-$((4700+11)); echo "::add-mask::$T"; echo "t=$T" >> "$AITHER_OUTPUT"', {
            id: "t",
            undo: { shell: "sh", script: 'echo "undoing tok-$((4700+11))"' },
          }),
          sh(`test -e '${gate("fine")}'`),
          sh('echo "it is $T"', { env: { T: "${{ steps.t.outputs.t }}" } }),
        ],
      },
    });
    assert.equal((await cli.run(["orch", "again"])).code, 1);
    await open("fine");
    assert.equal((await cli.run(["retry", "latest"])).code, 0);
    assert.equal((await cli.run(["wait", "latest"])).code, 0);
    assert.equal((await cli.run(["logs", "latest", "--raw"])).stdout, "it is ***\n");
    assert.doesNotMatch((await cli.run(["jobs", "status", "latest", "--json"])).stdout, FOUND);
    assert.doesNotMatch((await cli.run(["jobs", "events", "latest", "--json"])).stdout, FOUND);
    assert.equal((await cli.run(["jobs", "undo", "1"])).code, 0);
    assert.equal((await cli.run(["wait", "latest"])).code, 0);
    assert.equal((await cli.run(["logs", "latest", "--raw"])).stdout, "undoing ***\n");
  });
});
