// docs/settings.md: every setting, from the table that daemon and command line read.
import { settings, settingVariable, type Setting } from "@aither/protocol";

export function settingsPage(): string {
  const rows = (reader: Setting["reader"]): string[] =>
    Object.entries<Setting>(settings)
      .filter(([, setting]) => setting.reader === reader)
      .map(([name, { type, default: usual, about, flag }]) => {
        const also = [`\`${settingVariable(name)}\``, ...(flag === undefined ? [] : [`\`${flag}\``])].join(", ");
        return `| \`${name}\` | ${about} | ${type.replaceAll("|", "\\|")} | ${defaultText(usual)} | ${also} |`;
      });
  const head = ["| setting | what it is | value | default | or by |", "|---|---|---|---|---|"];
  return [
    "# Settings",
    "",
    "Printed by `npm run gen` from `packages/protocol/src/settings.ts`; edit that file.",
    "",
    "They stand in `~/.config/aither/config.json` (below `$XDG_CONFIG_HOME`, if that is set), one JSON object:",
    "",
    "```json",
    '{ "keepDays": 30, "pools": { "gpu": 1 } }',
    "```",
    "",
    "`aither config list --show-origin` shows what counts and where it comes from: a flag before the environment, that before",
    "`.aither/config.json` of the workspace, that before your own file. `aither config set NAME VALUE` changes one of them and",
    "leaves the rest of the file as it is. A value that is wrong is refused with `file:line:col`; a name there is not is told by",
    "`config list`, by `doctor` and in the daemon's log, and changes nothing.",
    "",
    "## Of the daemon",
    "",
    "Read when it starts: `aither daemon restart` after a change, and no script notices. The daemon serves every workspace of",
    "its home, so a workspace's file has no say here; and the variables that count are those of whoever started it.",
    "",
    ...head,
    ...rows("daemon"),
    "",
    "## Of commands",
    "",
    ...head,
    ...rows("command"),
    "",
  ].join("\n");
}

function defaultText(value: unknown): string {
  if (value === null) return "`none`";
  if (Array.isArray(value)) return value.map((one) => `\`${String(one)}\``).join(" ");
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
