/** Every command as data: the fast parser and commander's help are both made from this. */
export type Flag = {
  readonly type: "boolean" | "string";
  readonly short?: string;
  readonly multiple?: true;
  /** What to call its value in help. */
  readonly value?: string;
  readonly about: string;
};

export type Command = {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** `<needed>`, `[maybe]`, `[many...]`. */
  readonly args?: string;
  readonly about: string;
  readonly flags?: Readonly<Record<string, Flag>>;
  /** Aliases that also set flags: `f` = `jobs logs --follow`. */
  readonly presets?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  readonly examples?: readonly string[];
};

export const globalFlags: Readonly<Record<string, Flag>> = {
  home: { type: "string", value: "DIR", about: "the daemon's folder (AITHER_HOME)" },
  directory: { type: "string", short: "C", value: "DIR", about: "as if started in DIR" },
  json: { type: "boolean", about: "print JSON, for programs" },
  quiet: { type: "boolean", short: "q", about: "say only what was asked for" },
  verbose: { type: "boolean", about: "say more" },
  color: { type: "string", value: "WHEN", about: "auto, always or never" },
  help: { type: "boolean", short: "h", about: "show help" },
  version: { type: "boolean", short: "V", about: "print the version" },
};

const follow: Flag = { type: "boolean", short: "f", about: "go on until the job has ended" };
const timeout: Flag = { type: "string", value: "TIME", about: "give up after so long: 90, 10m, 2h" };
const reason: Flag = { type: "string", value: "TEXT", about: "why; kept in the job's events" };
const detach: Flag = { type: "boolean", short: "d", about: "return as soon as the wish is written down" };
const profile: Flag = { type: "string", value: "NAME", about: "a profile of the playbook" };
const vars: Flag = { type: "string", multiple: true, value: "k=v", about: "set a variable; may be repeated" };
const assume: Flag = { type: "string", value: "BOOL", about: "what a condition counts as that nobody can decide" };
const progress: Flag = { type: "string", value: "HOW", about: "auto, plain, json or quiet (AITHER_PROGRESS)" };
const codeFrom: Flag = { type: "string", value: "NAME", about: "end with the exit code of this stage or script" };

const serviceFlags: Readonly<Record<string, Flag>> = {
  system: { type: "boolean", about: "a unit of the machine instead of your own (systemd; root)" },
  "dry-run": { type: "boolean", short: "n", about: "show what would be written and run; do neither" },
};

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

export const commands: readonly Command[] = [
  {
    name: "orch",
    aliases: ["orchestrate", "o", "r"],
    args: "[playbook]",
    about: "start a job and follow it (Ctrl-C cancels it; closing the terminal does not)",
    flags: {
      ...startFlags,
      profile,
      again: { type: "boolean", about: "the playbook of the latest job" },
      "use-cache": { type: "boolean", about: "do not run again what has a `cache` and did not change" },
      "refresh-cache": { type: "boolean", about: "run everything, and store it anew for --use-cache" },
      summary: { type: "boolean", about: "refused: no summary is written" },
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
  { name: "playbooks list", aliases: ["playbooks", "playbooks ls"], about: "the playbooks of this workspace" },
  {
    name: "playbooks show",
    args: "<playbook>",
    about: "what a playbook is for, what it asks, its stages, how long it takes",
    flags: {
      text: { type: "boolean", about: "the file as it is" },
      v3: { type: "boolean", about: "as format v3, in JSON" },
    },
    examples: ["aither playbooks show test-full", "aither playbooks show test-full --text"],
  },
  {
    name: "playbooks plan",
    aliases: ["plan"],
    args: "<playbook>",
    about: "what would run",
    flags: { profile, var: vars, assume },
    examples: ["aither plan test-full --profile quick --json"],
  },
  {
    name: "playbooks graph",
    args: "<playbook>",
    about: "which stage waits for which",
    flags: {
      profile,
      var: vars,
      assume,
      format: { type: "string", value: "HOW", about: "text, mermaid or dot" },
    },
    examples: ["aither playbooks graph test-full", "aither playbooks graph test-full --format mermaid"],
  },
  {
    name: "playbooks validate",
    aliases: ["validate"],
    args: "[playbooks...]",
    about: "what is wrong with playbooks; all of the workspace when none is named",
    examples: ["aither playbooks validate", "aither playbooks validate deploy.yml --json"],
  },
  {
    name: "playbooks convert",
    args: "<playbook>",
    about: "a playbook of any format as v3",
    flags: {
      output: { type: "string", short: "o", value: "FILE", about: "write it there, not to stdout" },
      to: { type: "string", value: "SYNTAX", about: "yaml or json" },
      force: { type: "boolean", about: "replace the file that is there" },
    },
    examples: ["aither playbooks convert old.psd1 -o playbooks/new.yml", "aither playbooks convert nightly --to json"],
  },
  {
    name: "playbooks new",
    args: "<name>",
    about: "write a playbook to begin with: playbooks/NAME.yml",
    flags: { from: { type: "string", value: "TEMPLATE", about: "basic, matrix or pipeline" } },
    examples: ["aither playbooks new deploy", "aither playbooks new nightly --from pipeline"],
  },
  { name: "scripts list", aliases: ["scripts", "scripts ls"], about: "the numbered scripts of this workspace" },
  { name: "scripts show", args: "<script>", about: "a script's text and header" },
  {
    name: "scripts select",
    args: "<selector...>",
    about: "which scripts a selector means",
    examples: ["aither scripts select '0400-0499,!0410'"],
  },
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
  { name: "help", args: "[command...]", about: "how a command is used" },
];
