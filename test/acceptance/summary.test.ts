import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";

/** `summary.md`: written when it was asked for, also when the daemon dies at the wrong moment. */

const step = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });

async function withCli(run: (cli: Cli) => Promise<void>): Promise<void> {
  await using cli = await Cli.create();
  await run(cli);
}

const fileOf = async (cli: Cli): Promise<string | null | undefined> =>
  (await cli.json<JobDetail>("jobs", "status", "latest")).summaryFile;

describe("summaries", () => {
  test("--summary: it is there when the command returns, and has what scripts added", async () =>
    withCli(async (cli) => {
      await cli.playbook("sum", {
        build: {
          name: "Build",
          steps: [
            step('echo "## Coverage" >> "$AITHER_SUMMARY"; echo "97 %" >> "$AITHER_SUMMARY"', { name: "Cover" }),
            step("echo the reason; exit 9", { name: "Break" }),
          ],
        },
        ship: { name: "Ship", needs: ["build"], steps: [step("true", { name: "Never" })] },
      });
      const { code, stderr } = await cli.run(["orch", "sum", "--summary"]);
      assert.equal(code, 1);
      const [, said] = /summary: (\/.*summary\.md)/.exec(stderr) ?? [];
      assert.equal(said, await fileOf(cli));
      assert.equal((await stat(said!)).mode & 0o777, 0o600);
      const text = await readFile(said!, "utf8");
      assert.match(text, /^# ✗ sum #1: failed\n\n`Build` failed: `Break` ended with exit code 9\n/);
      assert.match(text, /\| Playbook \| sum \|\n[^]*\| Scripts \| 3 scripts: 1 completed, 1 failed, 1 skipped \|/);
      assert.match(text, /\| – Skipped \| Ship \| Never \| {2}\| {2}\| `Build` failed, and this needs it \|/);
      assert.match(
        text,
        /## What failed\n\n### Break\n\nBuild: ended with exit code 9, after .*\n\n```text\nthe reason\n```/,
      );
      assert.match(text, /## From the scripts\n\n### Build › Cover\n\n## Coverage\n97 %\n/);
      // Not asked for: not written, and not spoken of.
      assert.doesNotMatch((await cli.run(["orch", "sum"])).stderr, /summary/);
      assert.equal(await fileOf(cli), undefined);
    }));

  test("the playbook may ask for it, and for reports in its workspace; no link out of it is followed", async () =>
    withCli(async (cli) => {
      const text = {
        metadata: { name: "asks" },
        orchestration: {
          variables: { to: "results" },
          reports: ["reports/all.html", { path: "{{to}}/junit.xml" }, { path: "out/away.md" }, { path: "../no.md" }],
          jobs: { s: { steps: [step("echo hi")] } },
        },
      };
      await cli.workspace.write("playbooks/asks.json", JSON.stringify(text));
      await cli.workspace.write("../elsewhere/kept.txt", "");
      await symlink(join(cli.workspace.root, "elsewhere"), join(cli.workspace.folder, "out"));
      assert.equal((await cli.run(["orch", "asks", "-q"])).code, 0);
      assert.match(await readFile((await fileOf(cli))!, "utf8"), /^# ✓ asks #1: completed/);
      assert.match(await readFile(join(cli.workspace.folder, "reports/all.html"), "utf8"), /^<!doctype html>/);
      const junit = join(cli.workspace.folder, "results/junit.xml");
      assert.match(await readFile(junit, "utf8"), /<testsuites /);
      assert.equal((await stat(junit)).mode & 0o777, 0o666 & ~process.umask());
      assert.ok(!existsSync(join(cli.workspace.root, "elsewhere/away.md")));
      assert.ok(!existsSync(join(cli.workspace.root, "no.md")));
      const { notEnforced } = await cli.json<JobDetail>("jobs", "status", "latest");
      assert.deepEqual(
        notEnforced.map(({ where }) => where),
        ["../no.md"],
      );
    }));

  test("upstream's own words for it are read", async () =>
    withCli(async (cli) => {
      const old =
        "@{ Name = 'old'; Sequence = @( @{ Script = '0001'; Description = 'x' } ); Options = @{ GenerateSummary = $true; SummaryFormat = 'JSON'; SummaryPath = 'library/sum.json' } }";
      await cli.workspace.write("playbooks/old.psd1", old);
      await cli.workspace.write("automation-scripts/0001_Say.sh", "echo hi\n");
      const reporting = {
        enabled: true,
        formats: ["HTML", "JUnit", "SARIF"],
        outputPath: "./reports/x",
        includeMetrics: true,
      };
      await cli.workspace.write(
        "playbooks/two.json",
        JSON.stringify({
          metadata: { name: "two" },
          orchestration: { stages: [{ name: "A", sequences: ["0001"] }] },
          reporting,
        }),
      );
      for (const name of ["old", "two"]) assert.equal((await cli.run(["orch", name, "-q"])).code, 0, name);
      assert.match(await readFile(join(cli.workspace.folder, "library/sum.json"), "utf8"), /"conclusion": "success"/);
      assert.ok(existsSync(join(cli.workspace.folder, "reports/x/two.html")));
      assert.ok(existsSync(join(cli.workspace.folder, "reports/x/two.xml")));
      assert.ok(await fileOf(cli));
      const { stdout } = await cli.run(["validate", "two"]);
      assert.match(stdout, /reporting\.formats.*reports are Markdown, JSON, JUnit's XML or HTML/);
    }));

  const asked = { generateSummary: true };
  const one = {
    metadata: { name: "one" },
    orchestration: { reports: ["r.md"], jobs: { s: { steps: [step("echo hi")] } } },
  };

  test("a daemon that is killed between the end of a job and its summary: the next one writes it", async () => {
    const file = "daemon/src/store/projections.ts";
    const find = "const text = await this.#summaryOf(state);";
    await Daemon.with(
      async (daemon) => {
        const jobId = await daemon.startJob(one, asked);
        assert.equal(await daemon.exitCode(), null);
        const folder = await daemon.workspace.jobFolder(jobId);
        assert.equal((await daemon.events(jobId)).at(-1)?.type, "OrchestrationCompleted", "it had ended");
        assert.ok(!existsSync(join(folder, "summary.md")));
        // What it was about to do is no longer done to it.
        await using next = await Daemon.start({ workspace: daemon.workspace });
        await waitFor("the summary", async () => (await next.job(jobId)).summaryFile);
        assert.match(await readFile(join(folder, "summary.md"), "utf8"), /^# ✓ one #1: completed/);
        assert.ok(existsSync(join(daemon.workspace.folder, "r.md")));
      },
      { patches: [{ file, find, replace: `process.kill(process.pid, "SIGKILL"); ${find}` }] },
    );
  });

  test("one that is deleted comes back; what the workspace lost does not", async () =>
    Daemon.with(async (daemon) => {
      const jobId = await daemon.startJob(one, asked);
      await daemon.ended(jobId);
      const path = await waitFor("the summary", async () => (await daemon.job(jobId)).summaryFile);
      const other = await daemon.startJob({
        metadata: { name: "two" },
        orchestration: { jobs: { s: { steps: [step("true")] } } },
      });
      await daemon.ended(other);
      const otherFolder = await daemon.workspace.jobFolder(other);
      await waitFor("its result", () => existsSync(join(otherFolder, "result.json")));
      await rm(path);
      await rm(join(daemon.workspace.folder, "r.md"));
      await daemon.restart();
      await waitFor("the summary again", () => existsSync(path));
      assert.ok(!existsSync(join(daemon.workspace.folder, "r.md")));
      assert.ok(!existsSync(join(otherFolder, "summary.md")), "nobody asked for it");
    }));

  test("what cannot be written is logged, the job says so, over a restart, too, and has ended as it would have", async () =>
    Daemon.with(async (daemon) => {
      await daemon.workspace.write("r.md/in-the-way", "");
      await daemon.workspace.write("file", "");
      const jobId = await daemon.startJob(
        {
          metadata: { name: "some" },
          secrets: ["PIN"],
          orchestration: {
            reports: ["r.md", "fine/r.html", "file/r.xml", "say-$PIN.json"],
            jobs: { s: { steps: [step("echo hi")] } },
          },
        },
        { ...asked, env: { ...daemon.workspace.env, PIN: "say-$PIN" } },
      );
      await daemon.ended(jobId);
      await waitFor("the summary", async () => (await daemon.job(jobId)).summaryFile);
      assert.ok(daemon.log().some(({ msg, path }) => msg === "a report could not be written" && path === "r.md"));
      const told = async () => {
        const { status, reason, reports = [] } = await daemon.job(jobId);
        assert.deepEqual([status, reason], ["Completed", ""]);
        return reports.map((report) => `${report.path} ${report.format} ${report.status} ${report.detail}`.trim());
      };
      const expected = [
        "r.md md failed a folder has that name",
        "fine/r.html html written",
        "file/r.xml junit failed a file stands where a folder should be",
        "***.json json written",
      ];
      assert.deepEqual(await told(), expected);
      await daemon.restart();
      assert.deepEqual(await told(), expected);
      const cli = Cli.of(daemon.workspace);
      const shown = (await cli.run(["jobs", "status", jobId])).stdout;
      assert.match(shown, /Reports\n +✗ r\.md — could not be written: a folder has that name\n +✓ fine\/r\.html\n/);
      const { stdout } = await cli.run(["explain", jobId]);
      assert.match(stdout, /the report r\.md could not be written: a folder has that name/);
      assert.match(stdout, /the report file\/r\.xml could not be written: a file stands where a folder should be/);
      assert.doesNotMatch(shown + stdout, /say-/);
      // As of a job from before such notes were kept: they are not to come, so they are not pending.
      await rm(join(await daemon.workspace.jobFolder(jobId), "reports.json"));
      assert.deepEqual(await told(), []);
    }));

  test("a summary of more than a megabyte is cut, and says so", async () =>
    withCli(async (cli) => {
      await cli.playbook("big", {
        s: { steps: [step('yes "line of it" | head -n 200000 >> "$AITHER_SUMMARY"', { name: "Much" })] },
      });
      await cli.run(["orch", "big", "-q", "--summary"]);
      const { stdout } = await cli.run(["report", "--format", "json"]);
      const { summary } = (JSON.parse(stdout) as { jobs: { s: { summary: string } } }).jobs.s;
      assert.ok(summary.length <= 1024 * 1024 + 100);
      assert.match(summary.slice(-100), /line of it\n… 1\.2 MB left out here …\n$/);
    }));
});
