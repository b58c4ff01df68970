/** Every durable kind of file, damaged or newer: what is done, what is said, and that nothing is taken away. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { gated, playbook, scriptPid } from "../rig/gated.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

type Victim = { readonly jobId: string; readonly folder: string; readonly link: string; readonly workspace: Workspace };

/** Every file below a folder, by what it is and holds. */
async function picture(path: string): Promise<string[]> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return [`${path} -> ${await readlink(path)}`];
  if (!found.isDirectory())
    return [
      `${path} ${createHash("sha256")
        .update(await readFile(path))
        .digest("hex")}`,
    ];
  const inside = await Promise.all((await readdir(path)).sort().map(async (name) => picture(join(path, name))));
  return [path, ...inside.flat()];
}

async function changeLine(file: string, at: number, change: (line: string) => string): Promise<void> {
  const lines = (await readFile(file, "utf8")).split("\n");
  lines[at - 1] = change(lines[at - 1] ?? "");
  await writeFile(file, lines.join("\n"));
}

const journalOf = ({ folder }: Victim): string => join(folder, "events.ndjson");

const setAside: readonly {
  readonly name: string;
  readonly hurt: (victim: Victim) => Promise<void>;
  /** What is said; `%` stands for the job's folder and `@` for its entry in `active/`. */
  readonly reason: string;
}[] = [
  {
    name: "a journal with a line that is no JSON",
    hurt: async (victim) => changeLine(journalOf(victim), 2, () => "rubbish"),
    reason: "%/events.ndjson:2: this is not JSON",
  },
  {
    name: "a journal with a line that is gone",
    hurt: async (victim) => changeLine(journalOf(victim), 3, (line) => line.replace('"seq":3', '"seq":30')),
    reason: "%/events.ndjson:3: seq 3 is missing, found 30",
  },
  {
    name: "a journal of a newer version",
    hurt: async (victim) => changeLine(journalOf(victim), 2, (line) => line.replace('"v":1', '"v":9')),
    reason: "%/events.ndjson:2: this event is of version 9, newer than this aither knows",
  },
  {
    name: "a journal with an event that nobody knows",
    hurt: async (victim) => changeLine(journalOf(victim), 2, (line) => line.replace("OrchestrationStarted", "Dreamt")),
    reason: "%/events.ndjson:2: this is an event of the type Dreamt, newer than this aither knows",
  },
  {
    name: "a journal whose facts contradict each other",
    hurt: async (victim) => changeLine(journalOf(victim), 3, (line) => line.replace('"stage1"', '"elsewhere"')),
    reason: "%/events.ndjson:3: these facts contradict each other: ",
  },
  {
    name: "an environment that is cut off",
    hurt: async ({ folder }) => {
      const file = join(folder, "env.json");
      await writeFile(file, (await readFile(file)).subarray(0, -20));
    },
    reason: "%/env.json: this is not the environment that a job was started with",
  },
  {
    name: "an entry in active/ that leads elsewhere",
    hurt: async ({ link, folder, workspace }) => {
      await cp(folder, workspace.path("elsewhere"), { recursive: true, verbatimSymlinks: true });
      await unlink(link);
      await symlink(workspace.path("elsewhere"), link);
    },
    reason: "@: this link leads to ",
  },
  {
    name: "an entry in active/ that is no link",
    hurt: async ({ link }) => {
      await unlink(link);
      await writeFile(link, "");
    },
    reason: "@: this is no link to a job's folder",
  },
];

test("what cannot be gone on with is set aside: named with file and line and the mend, and not touched", async () => {
  await using workspace = await Workspace.create();
  await using daemon = await Daemon.start({ workspace });
  const gate = workspace.path("gate");
  const { state } = workspace.places;
  const victims: Victim[] = [];
  for (const _ of setAside) {
    const jobId = await daemon.startJob(playbook(gated(gate)));
    await scriptPid(daemon, jobId, "stage1");
    victims.push({ jobId, folder: await workspace.jobFolder(jobId), link: join(state, "active", jobId), workspace });
  }
  const well = await daemon.startJob(playbook(gated(`${gate}-well`), "echo after"));
  await scriptPid(daemon, well, "stage1");
  await daemon.kill();
  const copy = workspace.path("copy");
  await cp(state, copy, { recursive: true, verbatimSymlinks: true });
  for (const [at, { hurt }] of setAside.entries()) await hurt(victims[at]!);
  const seen = async (): Promise<string[]> =>
    (await Promise.all(victims.flatMap(({ folder, link }) => [picture(folder), picture(link)]))).flat();
  const before = await seen();

  await daemon.launch();
  await writeFile(`${gate}-well`, "");
  assert.equal((await daemon.ended(well)).status, "Completed");
  const { body } = await daemon.ask("GET", "/api/daemon");
  const told = (body as { setAside: { jobId: string; reason: string; mend: string }[] }).setAside;
  const cli = Cli.of(workspace);
  const status = await cli.run(["status"]);
  const list = await cli.run(["jobs", "list"]);
  const doctor = await cli.run(["doctor"]);
  assert.equal(status.code, 0);
  assert.equal(doctor.code, 1);
  for (const [at, { name, reason }] of setAside.entries()) {
    const { jobId, folder, link } = victims[at]!;
    const expected = reason.replace("%", folder).replace("@", link);
    const found = told.find((one) => one.jobId === jobId);
    assert.ok(found?.reason.startsWith(expected), `${name}: ${found?.reason}`);
    assert.match(found?.mend ?? "", /daemon restart|under the aither that wrote it/);
    assert.ok(status.stderr.includes(expected), `${name}: aither status\n${status.stderr}`);
    assert.ok(doctor.stdout.includes(expected), `${name}: aither doctor\n${doctor.stdout}`);
    assert.ok(list.stderr.includes(expected) || name.includes("environment"), `${name}: jobs list\n${list.stderr}`);
  }
  // Also a second life, a stop and whoever looks leave all of it alone.
  await daemon.ask("GET", `/api/jobs/${victims[0]?.jobId}`);
  await daemon.restart();
  await daemon.stop();
  assert.deepEqual(await seen(), before);

  // Mended, here from a copy, they go on as if nothing had been.
  for (const { folder, link, jobId } of victims) {
    await rm(folder, { recursive: true });
    await cp(folder.replace(state, copy), folder, { recursive: true, verbatimSymlinks: true });
    await rm(link);
    await symlink(await readlink(join(copy, "active", jobId)), link);
  }
  await daemon.launch();
  await writeFile(gate, "");
  for (const { jobId } of victims) assert.equal((await daemon.ended(jobId)).status, "Completed");
});

test("what is derived may be damaged: it is made again or not needed", async () => {
  await Daemon.with(async (daemon) => {
    const { workspace } = daemon;
    const { state } = workspace.places;
    const done = await daemon.startJob(playbook("echo done"));
    await daemon.ended(done);
    const gate = workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate)));
    await scriptPid(daemon, jobId, "stage1");
    await waitFor("what is derived of the job", async () =>
      (await readdir(await workspace.jobFolder(jobId))).includes("plan.json"),
    );
    await daemon.kill();
    for (const id of [done, jobId]) {
      const folder = await workspace.jobFolder(id);
      for (const name of (await readdir(folder)).filter((one) => /^(plan|metadata|result)\.json$/.test(one)))
        await writeFile(join(folder, name), '{"half": ');
    }
    const [month = ""] = await readdir(join(state, "index"));
    await writeFile(join(state, "index", month), "rubbish\nrubbish\n");
    // A link of a day on which this job is not: its folder is found all the same.
    await unlink(join(state, "active", jobId));
    await symlink(`../jobs/2020-01-01/${jobId}`, join(state, "active", jobId));
    await daemon.launch();
    await writeFile(gate, "");
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    const { body } = await daemon.ask("GET", "/api/jobs");
    const numbers = (body as { jobs: { number: number }[] }).jobs.map(({ number }) => number);
    assert.deepEqual(numbers, [2, 1]);
    assert.ok(daemon.log().some(({ msg }) => msg?.includes("index is made again")));
  });
});

for (const [name, put] of [
  ["leads nowhere", async (claim: string) => symlink("whatever", claim)],
  ["is no link", async (claim: string) => writeFile(claim, "v1 fence somebody")],
] as const) {
  test(`a claim that ${name}: its script is waited for, nothing runs twice, and it stays as it is`, async () => {
    await Daemon.with(async (daemon) => {
      const gate = daemon.workspace.path("gate");
      const jobId = await daemon.startJob(playbook(gated(gate)));
      await scriptPid(daemon, jobId, "stage1");
      await daemon.kill();
      const scripts = join(await daemon.workspace.jobFolder(jobId), "scripts");
      const claim = join(scripts, (await readdir(scripts)).find((one) => one.endsWith(".claim")) ?? "");
      await unlink(claim);
      await put(claim);
      const before = await picture(claim);
      await daemon.launch();
      await waitFor("the news that it is waited for", () =>
        daemon.log().some(({ msg }) => msg === "a script lost its wrapper and is waited for"),
      );
      assert.equal((await daemon.job(jobId)).status, "Running");
      await writeFile(gate, "");
      assert.equal((await daemon.ended(jobId)).status, "Failed");
      const { evidence } = await daemon.event(jobId, "ScriptInterrupted");
      assert.ok(evidence.startsWith(`${claim} is no claim`), evidence);
      assert.deepEqual(await picture(claim), before);
    });
  });
}

test("rubbish in the place of an exit record is no record, and the true one is written over it", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate, 7)));
    await scriptPid(daemon, jobId, "stage1");
    await daemon.kill();
    const scripts = join(await daemon.workspace.jobFolder(jobId), "scripts");
    const exit = join(scripts, (await readdir(scripts)).find((one) => one.endsWith(".exit")) ?? "");
    await writeFile(exit, `exit zero\n${"x".repeat(100)}`);
    await daemon.launch();
    await daemon.event(jobId, "ScriptAdopted");
    await writeFile(gate, "");
    await daemon.ended(jobId);
    assert.deepEqual((await daemon.event(jobId, "ScriptFailed")).failure, { kind: "exit", code: 7 });
  });
});

for (const [name, text, code, words] of [
  ["of a newer aither", '{"version": 99}', 1, /version 99; this aither knows up to/],
  ["that is none", "rubbish", 1, /is not the format file of an aither state/],
] as const) {
  test(`a state ${name} is refused, said to whoever asks, and stays byte for byte`, async () => {
    await using workspace = await Workspace.create();
    await using daemon = await Daemon.start({ workspace });
    await daemon.ended(await daemon.startJob(playbook("echo done")));
    await daemon.stop();
    const { state } = workspace.places;
    await writeFile(join(state, "format.json"), text);
    const before = await picture(state);
    const { code: ended, stderr } = await Cli.of(workspace).run(["status"]);
    assert.ok(ended !== 0 && ended !== null, `it ended with ${ended}, as ${code} would`);
    assert.match(stderr, words);
    assert.ok(stderr.includes(join(state, "format.json")), stderr);
    assert.deepEqual(await picture(state), before);
  });
}

test("a lock that cannot be opened keeps the daemon from starting, and says so", async () => {
  await using workspace = await Workspace.create();
  const { lock } = workspace.places;
  await mkdir(lock);
  const { code, stderr } = await Cli.of(workspace).run(["status"]);
  assert.equal(code, 3);
  assert.ok(stderr.includes(lock), stderr);
  await rename(lock, `${lock}-away`);
  const after = await Cli.of(workspace).run(["status"]);
  assert.equal(after.code, 0, after.stderr);
  assert.equal((await Cli.of(workspace).run(["daemon", "stop"])).code, 0);
});
