/** Commands that start jobs. */
import type { Command, Flag } from "./command.ts";
import { assume, profile, vars, progress, codeFrom } from "./flags.ts";

const startFlags: Readonly<Record<string, Flag>> = {
  detach: { type: "boolean", short: "d", about: "start it and print its number" },
  var: vars,
  env: { type: "string", multiple: true, value: "K=V", about: "set an environment variable of the scripts" },
  secret: {
    type: "string",
    short: "s",
    multiple: true,
    value: "NAME",
    about: "this variable of yours (or NAME=VALUE) for the scripts, its value masked in all that is shown",
  },
  "secret-file": { type: "string", multiple: true, value: "FILE", about: "the same from NAME=VALUE lines" },
  assume,
  name: { type: "string", value: "TEXT", about: "what to call the job" },
  timeout: { type: "string", value: "TIME", about: "cancel the job after so long: 90, 10m, 2h" },
  at: { type: "string", value: "TIME", about: "start it then: 22:30, +10m, 2026-01-31T22:30" },
  priority: { type: "string", value: "N", about: "who gets free slots first: --priority=-100 to 100 (0)" },
  pool: { type: "string", value: "NAME", about: "share the slots of this pool of the settings" },
  "dry-run": { type: "boolean", short: "n", about: "show what would run; start nothing" },
  progress,
  "exit-code-from": codeFrom,
};

export const startCommands: readonly Command[] = [
  {
    name: "orch",
    aliases: ["orchestrate", "o", "r"],
    // `a0 r` alone means once more; with a name, that is what is started.
    presets: { r: { again: true } },
    args: "[playbook]",
    about: "start a job and follow it (Ctrl-C cancels it; closing the terminal does not)",
    flags: {
      ...startFlags,
      profile,
      again: {
        type: "boolean",
        about: "the latest job once more, in its workspace, with its profile and variables (a0 r)",
      },
      "use-cache": { type: "boolean", about: "do not run again what has a `cache` and did not change" },
      "refresh-cache": { type: "boolean", about: "run everything, and store it anew for --use-cache" },
      summary: { type: "boolean", about: "write summary.md into the job's folder when it has ended" },
    },
    examples: [
      "aither orch test-full",
      "aither orch test-full --detach",
      "aither orch deploy.yaml --var target=staging --profile quick",
    ],
  },
  {
    name: "run",
    args: "<selector...>",
    about: "run scripts by number, tag or path as a one-stage job (also: aither 0402)",
    flags: startFlags,
    examples: ["aither run 0402", "aither run 0400-0499,!0410", "aither run tag:unit"],
  },
];
