// Starts a playbook, follows its output and its stages, and ends with the job's own verdict.
//
//   node --import tsx docs/examples/start-and-follow.ts quickstart
import { createClient, isAitherError } from "@aither/client/node";

const [playbook = "quickstart"] = process.argv.slice(2);
const aither = createClient();

try {
  // The job exists, on the daemon's disk, when this resolves. It goes on whatever becomes of this program.
  await using job = await aither.start(playbook);
  console.log(`started job ${job.number}`);

  // Every event from the first one on, in order, also over a restart of the daemon.
  job.on("StageStarted", ({ stage, leg }) => {
    if (leg === undefined) console.log(`stage ${stage} started`);
  });
  job.on("StageSkipped", ({ stage, reason }) => console.log(`stage ${stage} skipped: ${reason}`));

  // Output of all scripts as it comes; the loop ends when the job has ended and everything was given.
  for await (const line of job.logs({ follow: true })) {
    process.stdout.write(`${line.script}: ${line.text ?? Buffer.from(line.base64 ?? "", "base64").toString()}`);
  }

  const { status } = await job.wait({ timeoutMs: 60_000 });
  await job.listened();
  console.log(`job ${job.number} ended: ${status}`);
  process.exitCode = status === "Completed" ? 0 : 1;
} catch (error) {
  if (!isAitherError(error)) throw error;
  console.error(`${error.problem.code}: ${error.message}`);
  process.exitCode = 2;
}
