/** What one script says, a later one is told: outputs of steps and of stages, through the real daemon. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";

function playbook(jobs: unknown): unknown {
  return { apiVersion: "aither/v1", metadata: { name: "outputs" }, orchestration: { jobs } };
}

async function logOf(daemon: Daemon, jobId: string, name: string): Promise<string> {
  const folder = join(await daemon.workspace.jobFolder(jobId), "scripts");
  const file = (await readdir(folder)).find((found) => found.includes(name) && found.endsWith(".log"));
  return file === undefined ? "" : readFile(join(folder, file), "utf8");
}

const jobs = {
  build: {
    outputs: { version: "${{ steps.one.outputs.name }}-final" },
    steps: [
      { id: "one", name: "one", shell: "sh", script: 'echo "name=a b\'c" >> "$AITHER_OUTPUT"' },
      {
        name: "two",
        shell: "sh",
        env: { GIVEN: "${{ steps.one.outputs.name }}" },
        script: 'echo "env=$GIVEN text=${{ steps.one.outcome }}"',
      },
    ],
  },
  ship: {
    needs: ["build"],
    steps: [{ name: "three", shell: "sh", script: 'echo "got ${{ needs.build.outputs.version }}" | tr -d "\'"' }],
  },
};

test("a step reads the outputs of an earlier one in its environment and text; a stage those of what it needs", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(playbook(jobs));
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed", JSON.stringify(job.stages));
    assert.equal(await logOf(daemon, jobId, "two"), "env=a b'c text=success\n");
    assert.equal(await logOf(daemon, jobId, "three"), "got a bc-final\n");
  });
});

test("an output that nobody wrote is empty text, as on GitHub", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(
      playbook({
        build: {
          steps: [
            { id: "one", name: "one", shell: "sh", script: "true" },
            { name: "two", shell: "sh", script: 'echo "[${{ steps.one.outputs.absent }}]"' },
          ],
        },
      }),
    );
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed", JSON.stringify(job.stages));
    assert.equal(await logOf(daemon, jobId, "two"), "[]\n");
  });
});
