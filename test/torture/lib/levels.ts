/** The levels that are kill loops: what each does to whom. */
import type { ScenarioOptions } from "./scenario.ts";

export const killLevels = {
  t2: {
    shape: {},
    victims: ["daemon", "daemon", "daemon", "spawner"],
    meanMs: 350,
  },
  t3: {
    shape: { cancelled: 0.12 },
    victims: [
      "daemon",
      "daemon",
      "daemon",
      "daemon",
      "daemon",
      "daemon",
      "spawner",
      "wrapper",
      "script",
      "group",
      "stop",
    ],
    meanMs: 350,
  },
} as const satisfies Record<string, Omit<ScenarioOptions, "seed">>;

export type KillLevel = keyof typeof killLevels;
