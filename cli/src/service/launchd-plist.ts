/** The text of a launchd agent. */
import { daemonNodeOptions } from "@aither/protocol";
import type { ServiceFacts } from "./facts.ts";

/** For `~/Library/LaunchAgents`. macOS has no `flock(1)`: the daemon takes the lock by itself. */
export function launchdPlist(facts: ServiceFacts, options: { readonly label: string }): string {
  const argv = [facts.node, ...daemonNodeOptions, facts.entry, "--home", facts.home];
  const env = Object.entries(facts.env);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    ...pair("Label", text(options.label)),
    ...pair("ProgramArguments", "<array>", ...argv.map((word) => `  ${text(word)}`), "</array>"),
    ...(env.length === 0
      ? []
      : pair(
          "EnvironmentVariables",
          "<dict>",
          ...env.flatMap(([name, value]) => [`  <key>${escapeXml(name)}</key>`, `  ${text(value)}`]),
          "</dict>",
        )),
    ...pair("RunAtLoad", "<true/>"),
    ...pair("KeepAlive", "<true/>"),
    // Without it launchd ends the scripts when their daemon ends.
    ...pair("AbandonProcessGroup", "<true/>"),
    ...pair("Umask", "<integer>63</integer>"),
    ...pair("WorkingDirectory", text("/")),
    ...pair("StandardOutPath", text(facts.log)),
    ...pair("StandardErrorPath", text(facts.log)),
    "</dict>",
    "</plist>",
    "",
  ];
  return lines.join("\n");
}

function pair(key: string, ...value: string[]): string[] {
  return [`  <key>${key}</key>`, ...value.map((line) => `  ${line}`)];
}

function text(value: string): string {
  return `<string>${escapeXml(value)}</string>`;
}

export function escapeXml(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
