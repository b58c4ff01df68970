/** Commands that look over everything. */
import type { Command } from "./command.ts";

export const lookCommands: readonly Command[] = [
  {
    name: "search",
    aliases: ["grep"],
    args: "<text>",
    about: "lines of all jobs' output that hold a text, newest job first; ends with 1 when there is none, as grep does",
    flags: {
      regex: { type: "boolean", short: "E", about: "the text is a regex, tried line by line" },
      "ignore-case": { type: "boolean", short: "i", about: "upper and lower case are the same" },
      job: { type: "string", short: "j", value: "JOB", about: "only of this job" },
      script: { type: "string", short: "s", value: "NAME", about: "only of this script or stage: key, number or name" },
      since: { type: "string", value: "TIME", about: "only what was written in the last so long: 2h, 7d" },
      stream: { type: "string", value: "out|err", about: "only this one, where a script's stderr is separate" },
      timestamps: { type: "boolean", short: "t", about: "when each line was written, in UTC" },
      max: { type: "string", short: "m", value: "N", about: "stop after N lines" },
    },
    examples: ["aither search 'Connection refused' --since 7d", "aither search -E 'error: \\w+' -i --job latest"],
  },
  { name: "status", about: "what is going on: daemon, running jobs, the last few" },
  {
    name: "explain",
    args: "[job] [stage-or-script]",
    about: "why a job, stage or script is as it is",
    examples: ["aither explain 42 'Unit Tests'"],
  },
  { name: "cache list", aliases: ["cache", "cache ls"], about: "stored results of scripts, the last used first" },
  {
    name: "cache prune",
    about: "remove stored results; what runs is not disturbed",
    flags: {
      "older-than": { type: "string", value: "TIME", about: "those that nobody used for so long: 14d" },
      "keep-bytes": { type: "string", value: "SIZE", about: "the least recently used, until the rest fits: 1GB" },
      all: { type: "boolean", about: "all of them" },
      "dry-run": { type: "boolean", short: "n", about: "show which; remove nothing" },
    },
    examples: ["aither cache prune --older-than 14d --keep-bytes 1GB"],
  },
];
