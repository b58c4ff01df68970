/** Commands about the process that owns the jobs, and its set-up. */
import type { Command, Flag } from "./command.ts";

const serviceFlags: Readonly<Record<string, Flag>> = {
  system: { type: "boolean", about: "a unit of the machine instead of your own (systemd; root)" },
  "dry-run": { type: "boolean", short: "n", about: "show what would be written and run; do neither" },
};

export const daemonCommands: readonly Command[] = [
  { name: "daemon status", aliases: ["daemon"], about: "the daemon: pid, version, places" },
  { name: "daemon start", about: "start the daemon" },
  { name: "daemon stop", about: "stop the daemon; scripts run on" },
  { name: "daemon restart", about: "stop and start the daemon; scripts run on" },
  {
    name: "daemon logs",
    about: "what the daemon says of itself",
    flags: {
      follow: { type: "boolean", short: "f", about: "go on" },
      tail: { type: "string", short: "n", value: "N", about: "the last N lines (50)" },
    },
  },
  {
    name: "service install",
    about: "start the daemon with the machine: systemd, launchd, Task Scheduler",
    flags: serviceFlags,
    examples: ["aither service install --dry-run"],
  },
  { name: "service uninstall", about: "remove the service; running scripts go on", flags: serviceFlags },
  {
    name: "service status",
    aliases: ["service"],
    about: "whether the service is installed and running",
    flags: { system: { type: "boolean", about: "look for a unit of the machine" } },
  },
  {
    name: "doctor",
    about: "what is wrong with this set-up, and the mend; changes nothing",
    flags: {
      "crash-test": { type: "boolean", about: "kill a private daemon twenty times, and show that nothing was lost" },
    },
  },
];
