import type { Fact } from "@aither/protocol";
import type { Command } from "../input.ts";

export function start(command: Extract<Command, { is: "start" }>): Fact[] {
  const { number, requestId, name, plan, options, by, parent, passedBefore } = command;
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
    },
  ];
}
