/** Commands about settings. */
import type { Command, Flag } from "./command.ts";

const showOrigin: Flag = { type: "boolean", about: "also say where each value comes from" };

export const configCommands: readonly Command[] = [
  {
    name: "config list",
    aliases: ["config", "config ls"],
    about: "the settings that count here",
    flags: { "show-origin": showOrigin },
    examples: ["aither config list --show-origin"],
  },
  { name: "config get", args: "<setting>", about: "one setting", flags: { "show-origin": showOrigin } },
  {
    name: "config set",
    args: "<setting> [value]",
    about: "change a setting in your file; the rest of it stays",
    flags: {
      workspace: { type: "boolean", about: "in this workspace's file: .aither/config.json" },
      unset: { type: "boolean", about: "take it out, so that the default counts again" },
    },
    examples: ["aither config set keepDays 30", `aither config set pools '{"gpu": 1}'`],
  },
  { name: "config path", about: "where the settings files are; what is in the first counts before the second" },
];
