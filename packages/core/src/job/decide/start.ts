import type { Fact } from "@aither/protocol";
import type { Command } from "../input.ts";

export function start(command: Extract<Command, { is: "start" }>): Fact[] {
  const { number, requestId, name, plan, options, by, parent, passedBefore, passedOutputs, passedExports } = command;
  return [
    {
      type: "OrchestrationQueued",
      number,
      requestId,
      name,
      plan,
      options: { ...options },
      by,
      parent,
      passedBefore: [...passedBefore],
      ...(passedOutputs !== undefined &&
        Object.keys(passedOutputs).length > 0 && { passedOutputs: copyOf(passedOutputs) }),
      ...(passedExports !== undefined &&
        Object.keys(passedExports).length > 0 && { passedExports: copyOfExports(passedExports) }),
    },
  ];
}

/** Events are plain data that others may keep: nothing of the caller's stays in them. */
function copyOf(outputs: NonNullable<Extract<Command, { is: "start" }>["passedOutputs"]>) {
  return Object.fromEntries(Object.entries(outputs).map(([key, told]) => [key, { ...told }]));
}

function copyOfExports(exports: NonNullable<Extract<Command, { is: "start" }>["passedExports"]>) {
  return Object.fromEntries(
    Object.entries(exports).map(([key, { env, path }]) => [key, { env: { ...env }, path: [...path] }]),
  );
}
