import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** Secrets reach scripts, and nobody who reads. */

const SECRET = "correct-horse/battery staple";
const OTHER = "swordfish-99";
const FOUND = /correct-horse|battery|c3dvcmRmaXNo|swordfish/;

describe("secrets", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const leaky = async (more: object = {}): Promise<void> => {
    const gate = join(cli.workspace.root, "gate");
    const say = String.raw`
echo "given $MAIN_SECRET and $FISH"; printf '%s' "$FISH" | base64; set -x; : "$MAIN_SECRET"; set +x
[ "${"$"}{#MAIN_SECRET}-${"$"}{#FISH}" = ${SECRET.length}-${OTHER.length} ] && echo they are real
echo "result=$MAIN_SECRET" >> "$AITHER_OUTPUT"; mkdir -p out; echo "$FISH" > out/report.txt`;
    const steps = [
      { id: "say", name: "Say", shell: "bash", script: say, artifacts: "out/report.txt" },
      {
        id: "wait",
        shell: "sh",
        script: `echo waiting; printf 'half: %s' "\${FISH%?????}"; while [ ! -e '${gate}' ]; do sleep 0.02; done; echo "\${FISH#???????}"`,
      },
      { id: "fail", shell: "sh", script: `echo "it was $MAIN_SECRET" >&2; exit 3` },
    ];
    const text = {
      metadata: { name: "leaky" },
      secrets: ["MAIN_SECRET"],
      ...more,
      orchestration: { jobs: { s: { steps } } },
    };
    await cli.workspace.write("playbooks/leaky.json", JSON.stringify(text));
  };
  const env = { MAIN_SECRET: SECRET, FISH: OTHER };
  const open = async () => cli.workspace.write("../gate", "");

  test("no door shows them: following, logs, raw, search, status, explain, events, plan, artifacts; nor after a restart", async () => {
    await leaky();
    const job = cli.start(["orch", "leaky", "-s", "FISH"], { env });
    await job.says(/waiting/);
    await cli.killDaemon();
    await cli.json("jobs", "status", "latest");
    await open();
    const ended = await job.ended;
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /they are real/);
    assert.match(ended.stdout, /given \*\*\* and \*\*\*/);
    assert.match(ended.stdout, /half: \*\*\*/);
    const doors = [
      ["logs", "latest"],
      ["logs", "latest", "--raw"],
      ["logs", "latest", "-n", "2"],
      ["logs", "latest", "--json"],
      ["search", "given"],
      ["search", "-E", "."],
      ["jobs", "status", "latest"],
      ["jobs", "status", "latest", "--json"],
      ["explain", "latest"],
      ["explain", "latest", SECRET],
      ["events", "latest", "--json"],
      ["artifacts", "latest"],
      ["jobs", "list", "--json"],
      ["plan", "leaky", "--json"],
      ["orch", "leaky", "-n", "-s", "FISH"],
      ["daemon", "logs", "-n", "1000"],
    ];
    assert.doesNotMatch(ended.stdout + ended.stderr, FOUND);
    for (const door of doors) {
      const { stdout, stderr } = await cli.run(door, { env });
      assert.ok((stdout + stderr).length > 0, door.join(" "));
      // What was typed is repeated by who typed it; the daemon is another matter.
      assert.doesNotMatch(door.includes(SECRET) ? stdout : stdout + stderr, FOUND, door.join(" "));
    }
    assert.equal((await cli.run(["search", "swordfish"])).code, 1);
    assert.equal((await cli.run(["artifacts", "latest", "report.txt"])).stdout, "", "its name has a folder");
  });

  test("on disk they are in the file of the environment and in what scripts wrote, and nowhere else", async () => {
    await leaky();
    await open();
    await cli.run(["orch", "leaky", "-s", "FISH"], { env });
    const { jobId } = await cli.json<JobDetail>("jobs", "status", "latest");
    const folder = await cli.workspace.jobFolder(jobId);
    await waitFor("result.json", async () => (await readdir(folder)).includes("result.json"));
    assert.match(await readFile(join(folder, "env.json"), "utf8"), /swordfish/);
    assert.equal((await stat(join(folder, "env.json"))).mode & 0o777, 0o600);
    for (const name of ["plan.json", "metadata.json", "result.json"])
      assert.doesNotMatch(await readFile(join(folder, name), "utf8"), /swordfish-99|correct-horse\/battery/, name);
    const logs = (await readdir(join(folder, "scripts"))).filter((name) => name.endsWith(".log"));
    const texts = await Promise.all(logs.map((name) => readFile(join(folder, "scripts", name), "utf8")));
    assert.match(texts.join(""), /given correct-horse\/battery staple and swordfish-99/);
  });

  test("a retry has them, and masks them", async () => {
    await leaky();
    await open();
    await cli.run(["orch", "leaky", "-s", "FISH"], { env });
    const again = await cli.run(["retry", "latest", "--all", "-f"]);
    assert.match(again.stdout, /they are real/);
    assert.doesNotMatch(again.stdout + again.stderr, FOUND);
  });

  test("from a file, and by names that say so; the settings decide which", async () => {
    await cli.playbook("names", { s: { steps: [{ shell: "sh", script: "echo $DEPLOY_TOKEN $FISH $DB_PASSWORD" }] } });
    await cli.workspace.write("secrets.env", `# mine\nFISH='${OTHER}'\n`);
    const names = { DEPLOY_TOKEN: "abcdef-ghijk", DB_PASSWORD: "root" };
    const { stdout } = await cli.run(["orch", "names", "--secret-file", "secrets.env"], { env: names });
    assert.match(stdout, /\*\*\* \*\*\* root/, "what only its name makes a secret must be longer than four letters");
    assert.equal((await cli.run(["daemon", "stop"])).code, 0);
    await cli.workspace.write("../config/aither/config.json", JSON.stringify({ secretNames: ["FI*"] }));
    const config = { XDG_CONFIG_HOME: join(cli.workspace.root, "config") };
    const other = await cli.run(["orch", "names"], { env: { ...names, ...config, FISH: OTHER } });
    assert.match(other.stdout, /abcdef-ghijk \*\*\* root/);
  });

  test("what is wrong is said before anything starts, without a value", async () => {
    await leaky({
      inputs: {
        key: { secret: true, required: true, description: "to the door" },
        bad: { secret: true, default: OTHER },
      },
    });
    const said = async (...argv: string[]): Promise<string> => {
      const { code, stderr } = await cli.run(["orch", "leaky", ...argv], { env });
      assert.equal(code, 2, stderr);
      assert.doesNotMatch(stderr, FOUND);
      return stderr;
    };
    assert.match(await said("-s", "NOT_THERE"), /there is no variable NOT_THERE here/);
    assert.match(await said("-s", `a b=${SECRET}`), /--secret wants a variable's name/);
    assert.match(await said("--secret-file", "no.env"), /no\.env cannot be read \(ENOENT\)/);
    const all = await said();
    assert.match(all, /leaky\.json:1:\d+.*the secret `bad` has its value in the playbook/s);
    await leaky({ inputs: { key: { secret: true, required: true, description: "to the door" } } });
    assert.match(await said(), /the secret `key` has no value \(to the door\)[^]*--secret key/);
    assert.match(await said("--var", `key=${OTHER}`, "-s", "FISH"), /`key` is a secret, and was given as a variable/);
    assert.deepEqual((await cli.json<{ jobs: unknown[] }>("jobs", "list")).jobs, []);
    await leaky({ secrets: ["MAIN_SECRET", "not a name"] });
    assert.match(await said(), /holds names of environment variables/);
  });

  test("a secret that is too short is passed on, and it is said that it shows", async () => {
    await cli.playbook("short", { s: { steps: [{ shell: "sh", script: "echo pin $PIN" }] } });
    const { stdout, stderr } = await cli.run(["orch", "short", "-s", "PIN=42"]);
    assert.match(stdout, /pin 42/);
    assert.match(stderr, /the secret PIN has fewer than 3 bytes/);
    const plan = JSON.parse((await cli.run(["orch", "short", "-n", "-s", "PIN=42", "--json"])).stdout) as PlanView;
    assert.deepEqual(plan.notEnforced, [
      { what: "PIN", where: "secrets", reason: "its value has fewer than 3 bytes, so it is not masked" },
    ]);
  });
});
