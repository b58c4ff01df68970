/** Commands that look at jobs and steer them. */
import type { Command, Flag } from "./command.ts";
import { follow, vars, progress, codeFrom } from "./flags.ts";

const timeout: Flag = { type: "string", value: "TIME", about: "give up after so long: 90, 10m, 2h" };
const reason: Flag = { type: "string", value: "TEXT", about: "why; kept in the job's events" };
const detach: Flag = { type: "boolean", short: "d", about: "return as soon as the wish is written down" };

export const jobsCommands: readonly Command[] = [
  {
    name: "jobs list",
    aliases: ["jobs", "ls", "l", "jobs ls"],
    about: "list jobs, newest first",
    flags: {
      status: { type: "string", value: "LIST", about: "only these, separated by commas: running,failed" },
      playbook: { type: "string", value: "NAME", about: "only of this playbook" },
      text: { type: "string", value: "TEXT", about: "only where name, playbook, workspace or id hold this" },
      here: { type: "boolean", about: "only of this workspace" },
      since: { type: "string", value: "TIME", about: "only of the last so long: 2h, 7d" },
      limit: { type: "string", short: "n", value: "N", about: "at most so many (20)" },
      before: { type: "string", value: "NUMBER", about: "only jobs before this number" },
    },
    examples: ["aither jobs list --status running,queued", "aither jobs list --json | jq '.jobs[].number'"],
  },
  {
    name: "jobs status",
    aliases: ["show", "jobs show"],
    args: "[job]",
    about: "one job: its stages, legs and scripts",
    flags: {
      report: { type: "string", value: "FILE", about: "also write how it ended, with outputs and logs, as JSON" },
    },
    examples: ["aither jobs status", "aither jobs status 42 --json"],
  },
  {
    name: "jobs logs",
    aliases: ["logs", "f"],
    presets: { f: { follow: true } },
    args: "[job]",
    about: "what the scripts wrote",
    flags: {
      follow,
      script: { type: "string", short: "s", value: "NAME", about: "only of this script: key, number or name" },
      attempt: { type: "string", value: "N", about: "only of this attempt" },
      tail: { type: "string", short: "n", value: "N", about: "only the last N lines" },
      timestamps: { type: "boolean", short: "t", about: "when each line was written, in UTC" },
      raw: { type: "boolean", about: "the bytes as they were written, without names" },
    },
    examples: ["aither logs -f", "aither logs 42 --script 0402 -t", "aither logs latest --raw > out.txt"],
  },
  {
    name: "jobs artifacts",
    aliases: ["artifacts"],
    args: "[job] [name]",
    about: "the files a job keeps; with a name, that file",
    flags: {
      output: { type: "string", short: "o", value: "FILE", about: "write it there, not to stdout" },
      force: { type: "boolean", about: "replace the file that is there" },
    },
    examples: ["aither artifacts", "aither artifacts 42 report/index.html -o report.html"],
  },
  {
    name: "jobs report",
    aliases: ["report"],
    args: "[job]",
    about: "a job as a document: Markdown, JSON, JUnit's XML, or one HTML page",
    flags: {
      format: {
        type: "string",
        value: "FORMAT",
        about: "md, json, junit or html; else what FILE's name says, else md",
      },
      output: { type: "string", short: "o", value: "FILE", about: "write it there, not to stdout" },
    },
    examples: ["aither report", "aither report 42 -o report.html", "aither report latest --format junit > results.xml"],
  },
  {
    name: "jobs events",
    aliases: ["events"],
    args: "[job]",
    about: "the facts a job consists of",
    flags: { follow, after: { type: "string", value: "SEQ", about: "only those behind this one" } },
    examples: ["aither events 42 --json | jq .type"],
  },
  {
    name: "jobs wait",
    aliases: ["wait"],
    args: "[job]",
    about: "wait for a job; end as it ends",
    flags: { timeout, "exit-code-from": codeFrom },
    examples: ["aither wait 42 --timeout 10m"],
  },
  {
    name: "jobs cancel",
    aliases: ["cancel", "x"],
    args: "[job]",
    about: "cancel a job",
    flags: {
      force: { type: "boolean", about: "also stop what would run after a cancel" },
      detach,
      reason,
      yes: { type: "boolean", short: "y", about: "do not ask" },
    },
  },
  {
    name: "jobs pause",
    aliases: ["pause"],
    args: "[job]",
    about: "start no new script; running ones go on",
    flags: {
      freeze: { type: "boolean", about: "also stop the running ones where they are; their time limits stand still" },
      reason,
    },
  },
  { name: "jobs resume", aliases: ["resume"], args: "[job]", about: "go on after a pause" },
  { name: "p", args: "[job]", about: "pause a job, or resume a paused one" },
  {
    name: "jobs skip",
    aliases: ["skip"],
    args: "<job> <stage-or-script>",
    about: "skip a stage or a script",
    flags: { reason, detach },
    examples: ["aither skip 42 0402", "aither skip latest 'Unit Tests'"],
  },
  {
    name: "jobs send",
    aliases: ["send"],
    args: "<job> [text]",
    about: "a line to the standard input of a script (`stdin: true` in the playbook)",
    flags: {
      script: { type: "string", short: "s", value: "NAME", about: "this script: key, number or name" },
      eof: { type: "boolean", about: "then the end of its input" },
    },
    examples: ["aither send 42 yes", "aither send 42 --script ask 'no' --eof"],
  },
  {
    name: "jobs retry",
    aliases: ["retry"],
    args: "[job]",
    about: "start a job anew; what passed is not run again",
    flags: {
      all: { type: "boolean", about: "run everything again" },
      script: { type: "string", value: "NAME", about: "run this script alone" },
      var: vars,
      follow: { type: "boolean", short: "f", about: "follow the new job" },
      progress,
      "exit-code-from": codeFrom,
    },
  },
  {
    name: "jobs undo",
    aliases: ["undo"],
    args: "[job]",
    about: "undo what the scripts of an ended job did, the last one first",
    flags: {
      "dry-run": { type: "boolean", short: "n", about: "show what would run; start nothing" },
      follow: { type: "boolean", short: "f", about: "follow the new job" },
      progress,
    },
    examples: ["aither undo 42 --dry-run", "aither undo 42 -f"],
  },
  { name: "jobs rm", aliases: ["rm"], args: "<jobs...>", about: "remove jobs that have ended, with their files" },
  {
    name: "jobs prune",
    aliases: ["prune"],
    about: "remove old jobs that have ended",
    flags: {
      "older-than": { type: "string", value: "TIME", about: "those that ended longer ago: 30d" },
      keep: { type: "string", value: "N", about: "the newest N stay" },
      "dry-run": { type: "boolean", short: "n", about: "show which; remove nothing" },
    },
    examples: ["aither prune --older-than 30d --keep 50"],
  },
];
