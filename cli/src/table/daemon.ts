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
    name: "daemon audit",
    about: "who changed what, over which door, and who was refused",
    flags: {
      follow: { type: "boolean", short: "f", about: "go on" },
      tail: { type: "string", short: "n", value: "N", about: "the last N lines (50)" },
      refused: { type: "boolean", about: "only what was refused" },
    },
    examples: ["aither daemon audit --refused", "aither daemon audit -n 1000 --json | jq .route"],
  },
  {
    name: "dashboard",
    about: "open the daemon's page in a browser, or print a link or a token",
    flags: {
      role: { type: "string", value: "ROLE", about: "viewer, operator or admin (admin)" },
      expires: { type: "string", value: "TIME", about: "how long it lasts: 90m, 8h, 30d (12h)" },
      token: { type: "boolean", about: "print a token for a program (AITHER_TOKEN)" },
      "no-browser": { type: "boolean", short: "n", about: "print the link, start no browser" },
      "revoke-all": { type: "boolean", about: "end all sessions and tokens, and close the door" },
    },
    examples: [
      "aither dashboard",
      "aither dashboard --role viewer --expires 1h --no-browser",
      "aither dashboard --token --role operator --expires 8h",
    ],
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
