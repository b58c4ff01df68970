/** The text of a systemd unit. Each line below is there because without it systemd would end scripts or give up. */
import { daemonNodeOptions } from "@aither/protocol";
import type { ServiceFacts } from "./facts.ts";

export type UnitOptions = {
  readonly system: boolean;
  /** The socket unit that holds the door; null where the daemon makes its own. */
  readonly socket: string | null;
};

/** For `~/.config/systemd/user`, or for `/etc/systemd/system` when `system`. */
export function systemdUnit(facts: ServiceFacts, options: UnitOptions): string {
  const { node, entry, home, lock, log, flock } = facts;
  const daemon = [node, ...daemonNodeOptions, entry, "--home", home];
  const start = flock ? ["/bin/sh", "-c", LOCK_LINE, lock, ...daemon] : daemon;
  const runtime = facts.env["XDG_RUNTIME_DIR"];
  const lines = [
    "# Written by `aither service install`; `aither service uninstall` removes it.",
    "[Unit]",
    "Description=aither: the daemon that owns this home's jobs",
    // However often it dies, it comes back: its jobs need it.
    "StartLimitIntervalSec=0",
    ...(options.system ? needsOfSystemUnit(facts.uid, runtime) : []),
    // Wanted, not required: a daemon without that door makes its own.
    ...(options.socket === null ? [] : [`Wants=${options.socket}`, `After=${options.socket}`]),
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${start.map(commandWord).join(" ")}`,
    ...(options.system ? [`User=${facts.uid}`] : []),
    ...Object.entries(facts.env).map(([name, value]) => `Environment=${settingWord(`${name}=${value}`)}`),
    // The socket is looked for where the command line looks: in /tmp when it has no runtime folder.
    ...(runtime === undefined ? ["UnsetEnvironment=XDG_RUNTIME_DIR"] : []),
    "WorkingDirectory=/",
    "UMask=0077",
    `StandardOutput=append:${percent(log)}`,
    `StandardError=append:${percent(log)}`,
    // Scripts outlive their daemon: only the daemon itself is signalled, and nothing is ever killed.
    "KillMode=process",
    "SendSIGKILL=no",
    // Each attempt may get a control group of its own.
    "Delegate=yes",
    "Restart=always",
    "RestartSec=1",
    // 75: another daemon owns this home. 78: this Node is too old. 2: a setting is wrong.
    "RestartPreventExitStatus=75 78 2",
    // A script that eats all memory must not take the daemon along.
    "OOMPolicy=continue",
    "",
    "[Install]",
    `WantedBy=${options.system ? "multi-user.target" : "default.target"}`,
    "",
  ];
  return lines.join("\n");
}

/** The kernel's lock is taken before the daemon is, and held until it is dead: of two starters one becomes the daemon. */
const LOCK_LINE = `exec 9>>"$0"; flock -n 9 || exit 75; exec "$@"`;

/** `/run/user/UID` goes with the last login unless somebody needs it. */
function needsOfSystemUnit(uid: number, runtime: string | undefined): string[] {
  if (runtime !== `/run/user/${uid}`) return [];
  return [`Requires=user-runtime-dir@${uid}.service`, `After=user-runtime-dir@${uid}.service`];
}

/** One word of a command line: `$` would be a variable, `%` a specifier, and a quote would end it. */
function commandWord(text: string): string {
  const plain = /^[\w@+=:,./-]+$/.test(text);
  return plain ? text : settingWord(text.replaceAll("$", "$$$$"));
}

function settingWord(text: string): string {
  return `"${percent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function percent(text: string): string {
  return text.replaceAll("%", "%%");
}
