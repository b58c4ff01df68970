/** Every command as data: the fast parser and commander's help are both made from this. */
import type { Command } from "./table/command.ts";
import { configCommands } from "./table/config.ts";
import { daemonCommands } from "./table/daemon.ts";
import { jobsCommands } from "./table/jobs.ts";
import { lookCommands } from "./table/look.ts";
import { playbooksCommands } from "./table/playbooks.ts";
import { startCommands } from "./table/start.ts";

export type { Command, Flag } from "./table/command.ts";
export { globalFlags } from "./table/flags.ts";

export const commands: readonly Command[] = [
  ...startCommands,
  ...jobsCommands,
  ...playbooksCommands,
  ...lookCommands,
  ...daemonCommands,
  ...configCommands,
  { name: "help", args: "[command...]", about: "how a command is used" },
];
