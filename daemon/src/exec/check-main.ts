/** The program behind `aither:check`: one condition that must hold, and what is said when it does not. */
import { decideCheck, type CheckContext, type CheckValue } from "@aither/core";
import type { Json } from "@aither/protocol";
import { lookerAt } from "./probe.ts";

const { env } = process;
const read = (name: string): Json => JSON.parse(env[name] ?? "{}") as Json;
const jobs = read("AITHER_CHECK_JOBS") as CheckValue;
const given = read("AITHER_CHECK_VARIABLES") as Record<string, CheckValue>;
const results = read("AITHER_CHECK_RESULTS") as CheckValue;
const variables = { ...given, jobs, needs: jobs, results };
const context: CheckContext = {
  names: {
    env: env as Record<string, string>,
    inputs: given,
    jobs,
    needs: jobs,
    results,
    variables: given,
    vars: given,
  },
  functions: { always: () => true, success: () => true, failure: () => false, cancelled: () => false },
  variables,
  environment: env as Record<string, string>,
  platform: process.platform,
};
const condition = env["AITHER_CHECK_CONDITION"] ?? "";
const look = lookerAt({ workspace: process.cwd(), env, context });
const decision = decideCheck({ condition }, context, look);
if (decision.is === "true") process.stdout.write(`${condition}: holds\n`);
else {
  const why =
    decision.is === "undecidable"
      ? `cannot be decided: ${decision.reason}`
      : decision.is === "error"
        ? decision.message
        : "does not hold";
  process.stdout.write(`${condition}: ${why}\n`);
  if (env["AITHER_CHECK_MESSAGE"]) process.stdout.write(`${env["AITHER_CHECK_MESSAGE"]}\n`);
  process.exitCode = 1;
}
