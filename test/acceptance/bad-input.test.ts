import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

/**
 * Whatever is wrong, a person gets one line that says what and where, one that says what to do, the documented exit
 * code, and a state in which nothing was started and nothing is lost.
 */

const aither = fileURLToPath(new URL("../../bin/aither", import.meta.url));

type Case = {
  readonly name: string;
  readonly argv: readonly string[];
  readonly exit: number;
  /** What the message must say. */
  readonly says: readonly RegExp[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
};

const v3 = (jobs: string) => `apiVersion: aither/v1\nmetadata: { name: it }\norchestration:\n  jobs:\n${jobs}`;
const step = "steps: [{ id: s, shell: sh, script: 'echo ran >> $LEDGER' }]";

const cases: readonly Case[] = [
  {
    name: "an unknown playbook, with the nearest name",
    argv: ["orch", "helo"],
    exit: 4,
    says: [/helo/, /hello/, /AITHER_E_PLAYBOOK_NOT_FOUND|no playbook|No such playbook/i],
  },
  { name: "an unknown script", argv: ["run", "0999"], exit: 4, says: [/^aither: [^:]*0999/] },
  {
    name: "a script that the playbook names and nobody has",
    argv: ["orch", "it"],
    files: { "playbooks/it.yml": v3(`    a:\n      steps: [{ id: s, run: "0998" }]\n`) },
    exit: 4,
    says: [/it\.yml:\d+:\d+/, /0998/],
  },
  { name: "an unknown profile", argv: ["orch", "hello", "--profile", "nightly"], exit: 2, says: [/nightly/, /quick/] },
  { name: "a --var without a value", argv: ["orch", "hello", "--var", "who"], exit: 2, says: [/who/, /who=/] },
  {
    name: "a required input without a value",
    argv: ["orch", "it"],
    files: {
      "playbooks/it.yml":
        "metadata: { name: it }\ninputs:\n  who: { type: string, required: true }\norchestration:\n  jobs:\n" +
        `    a: { ${step} }\n`,
    },
    exit: 2,
    says: [/it\.yml:\d+:\d+/, /who/, /--var who=/],
  },
  {
    name: "a cycle",
    argv: ["orch", "it"],
    files: { "playbooks/it.yml": v3(`    a: { needs: [b], ${step} }\n    b: { needs: [a], ${step} }\n`) },
    exit: 2,
    says: [/it\.yml:\d+:\d+/, /cycle|circle/i, /a.*b/],
  },
  {
    name: "needs that nobody is",
    argv: ["orch", "it"],
    files: { "playbooks/it.yml": v3(`    build: { ${step} }\n    a: { needs: [biuld], ${step} }\n`) },
    exit: 2,
    says: [/it\.yml:6:\d+/, /biuld/, /build/],
  },
  { name: "a selector that matches nothing", argv: ["run", "0300-0399"], exit: 2, says: [/0300-0399/] },
  { name: "a selector that is none", argv: ["run", "04??"], exit: 2, says: [/04\?\?/] },
  {
    name: "bad YAML",
    argv: ["orch", "it"],
    files: { "playbooks/it.yml": "metadata:\n  name: it\n orchestration: [\n" },
    exit: 2,
    says: [/it\.yml:[34]:\d+/],
  },
  {
    name: "bad JSON",
    argv: ["orch", "it"],
    files: { "playbooks/it.json": '{\n  "metadata": { "name": "it" },\n  "orchestration": { "stages": [ }\n}\n' },
    exit: 2,
    says: [/it\.json:3:\d+/],
  },
  {
    name: "a wrong type",
    argv: ["orch", "it"],
    files: { "playbooks/it.yml": v3(`    a:\n      timeout: soon\n      ${step}\n`) },
    exit: 2,
    says: [/it\.yml:6:\d+/, /timeout/, /soon|number/],
  },
  {
    name: "a file of 10 MB",
    argv: ["orch", "playbooks/it.yml"],
    files: {
      "playbooks/it.yml": `${v3(`    a: { ${step} }\n`)}${"# padding padding padding padding\n".repeat(300_000)}`,
    },
    exit: 2,
    says: [/it\.yml/, /MiB/],
  },
  {
    name: "a missing interpreter",
    argv: ["run", "0500"],
    files: { "automation-scripts/0500_Quack.ps1": "Write-Host hi\n" },
    env: { PATH: "/usr/bin:/bin" },
    exit: 2,
    says: [/pwsh/, /0500/],
  },
  { name: "an unknown command", argv: ["orhc", "hello"], exit: 2, says: [/orhc/, /orch/] },
  { name: "an unknown flag", argv: ["orch", "hello", "--detahc"], exit: 2, says: [/--detahc/] },
  { name: "no such job", argv: ["jobs", "status", "4711"], exit: 4, says: [/4711/] },
];

describe("bad input", () => {
  let root = "";
  let workspace = "";
  let env: Record<string, string> = {};

  const call = (argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    spawnSync(process.execPath, [aither, ...argv], { cwd: workspace, env: { ...env, ...more }, encoding: "utf8" });

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ab-"));
    workspace = join(root, "w");
    env = {
      PATH: process.env["PATH"] ?? "",
      HOME: root,
      AITHER_HOME: join(root, "home"),
      XDG_RUNTIME_DIR: root,
      LEDGER: join(root, "ledger"),
    };
    await put("playbooks/hello.yml", helloPlaybook);
    await put("automation-scripts/0400_Greet.sh", "#!/bin/sh\necho ran >> $LEDGER\n");
  });

  after(async () => {
    call(["daemon", "stop"]);
    await rm(root, { recursive: true, force: true });
  });

  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  };

  for (const { name, argv, exit, says, files = {}, env: more = {} } of cases) {
    test(name, async () => {
      for (const [path, text] of Object.entries(files)) await put(path, text);
      try {
        const { status, stdout, stderr } = call(argv, more);
        assert.equal(status, exit, stderr);
        for (const pattern of says) assert.match(stderr, pattern);
        assert.equal(stdout, "", "stdout is data, and there is none");
        assert.doesNotMatch(stderr, /\n\s+at .*:\d+:\d+\)?\n/, "no stack trace for a person's slip");
        const { stdout: list } = call(["jobs", "list", "--json"]);
        assert.deepEqual((JSON.parse(list) as { jobs: unknown[] }).jobs, [], "nothing was started");
        assert.equal(existsSync(join(root, "ledger")), false, "no script ran");
      } finally {
        for (const path of Object.keys(files)) await rm(join(workspace, path));
      }
    });
  }

  test("the same as a problem document", () => {
    const { status, stdout, stderr } = call(["orch", "helo", "--json"]);
    assert.equal(status, 4);
    assert.equal(stdout, "");
    const document = JSON.parse(stderr) as { code: string; apiVersion: string; hint: string };
    assert.equal(document.code, "AITHER_E_PLAYBOOK_NOT_FOUND");
    assert.equal(document.apiVersion, "aither/v1");
    assert.notEqual(document.hint, "");
  });

  test("a home that cannot be one", async () => {
    await writeFile(join(root, "a-file"), "");
    const { status, stderr } = call(["orch", "hello"], { AITHER_HOME: join(root, "a-file/home") });
    assert.equal(status, 3, stderr);
    assert.match(stderr, /a-file/);
    assert.match(stderr, /--home|AITHER_HOME/);
  });

  test("a socket path that is too long", async () => {
    const long = join(root, "r".repeat(110));
    await mkdir(long);
    const { status, stderr } = call(["orch", "hello"], { XDG_RUNTIME_DIR: long, AITHER_HOME: join(root, "h2") });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /103/);
    assert.match(stderr, /XDG_RUNTIME_DIR/);
  });

  test("a disk that is full at the start", { skip: canMount() ? false : "skipped: no right to mount" }, async () => {
    const small = join(root, "small");
    await mkdir(small);
    assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small]).status, 0);
    try {
      spawnSync("sh", ["-c", `cat /dev/zero > ${small}/filler`]);
      const { status, stderr } = call(["orch", "hello"], { AITHER_HOME: join(small, "home") });
      assert.equal(status, 3, stderr);
      assert.match(stderr, /full|space/i);
      assert.equal(existsSync(join(root, "ledger")), false);
    } finally {
      spawnSync("umount", [small]);
    }
  });

  test("afterwards everything works as before", () => {
    const { status, stderr } = call(["orch", "hello"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      readdirSync(root).filter((entry) => entry === "ledger"),
      ["ledger"],
    );
  });
});

const helloPlaybook = `apiVersion: aither/v1
metadata:
  name: hello
orchestration:
  profiles:
    quick: { variables: { depth: shallow } }
  jobs:
    greet:
      ${step}
`;

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  return spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
}
