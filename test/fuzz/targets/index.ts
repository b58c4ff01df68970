/** The table: every row that is fuzzed. `coverage.test.ts` holds it against what the packages export. */
import type { Target } from "../lib/target.ts";
import { cliTargets } from "./cli.ts";
import { clientTargets } from "./client.ts";
import { daemonTargets } from "./daemon.ts";
import { expressionTargets } from "./expression.ts";
import { planTargets } from "./plan.ts";
import { playbookTargets } from "./playbook.ts";
import { storeTargets } from "./store.ts";
import { textTargets } from "./texts.ts";

export const targets: readonly Target[] = [
  ...playbookTargets,
  ...expressionTargets,
  ...planTargets,
  ...cliTargets,
  ...storeTargets,
  ...clientTargets,
  ...daemonTargets,
  ...textTargets,
];
