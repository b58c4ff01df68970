import type { Fact } from "@aither/protocol";
import type { Command } from "../input.ts";

export function start(command: Extract<Command, { is: "start" }>): Fact[] {
  const { number, requestId, name, plan, options, by, parent, passedBefore, passedOutputs } = command;
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
    },
  ];
}

/** Events are plain data that others may keep: nothing of the caller's stays in them. */
function copyOf(outputs: NonNullable<Extract<Command, { is: "start" }>["passedOutputs"]>) {
  return Object.fromEntries(Object.entries(outputs).map(([key, told]) => [key, { ...told }]));
}
