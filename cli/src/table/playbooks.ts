/** Commands about what can be started: playbooks and scripts. */
import type { Command } from "./command.ts";
import { assume, profile, vars } from "./flags.ts";

export const playbooksCommands: readonly Command[] = [
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
    flags: { strict: { type: "boolean", about: "end with 2 for warnings and unknown keys, too" } },
    examples: ["aither playbooks validate --strict", "aither playbooks validate deploy.yml --json"],
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
];
