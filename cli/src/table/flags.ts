/** Flags that several groups of commands take. */
import type { Flag } from "./command.ts";

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

export const follow: Flag = { type: "boolean", short: "f", about: "go on until the job has ended" };
export const profile: Flag = { type: "string", value: "NAME", about: "a profile of the playbook" };
export const vars: Flag = { type: "string", multiple: true, value: "k=v", about: "set a variable; may be repeated" };
export const assume: Flag = {
  type: "string",
  value: "BOOL",
  about: "what a condition counts as that nobody can decide: true or false",
};
export const progress: Flag = { type: "string", value: "HOW", about: "auto, plain, json or quiet (AITHER_PROGRESS)" };
export const codeFrom: Flag = {
  type: "string",
  value: "NAME",
  about: "end with the exit code of this stage or script",
};
