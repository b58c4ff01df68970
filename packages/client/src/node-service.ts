/**
 * A home whose daemon belongs to the machine's service manager says so in `service.json`. Whoever wants that daemon
 * started or stopped asks the manager: one that was started beside it would end with its starter's session.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type ServiceManager = "systemd-user" | "systemd-system" | "launchd" | "task-scheduler";

export type Service = {
  readonly manager: ServiceManager;
  /** What the manager calls it: a unit, a label or a task. */
  readonly name: string;
  /** The unit that holds its door, where systemd does. */
  readonly socket?: string;
};

const managers: readonly string[] = ["systemd-user", "systemd-system", "launchd", "task-scheduler"];

export function serviceMarker(home: string): string {
  return join(home, "service.json");
}

/** Null when no service was installed for this home, or what stands there is none of ours. */
export function readService(home: string): Service | null {
  try {
    const told = JSON.parse(readFileSync(serviceMarker(home), "utf8")) as Record<string, unknown>;
    const { manager, name, socket } = told;
    if (typeof manager !== "string" || !managers.includes(manager) || !isName(name)) return null;
    return { manager: manager as ServiceManager, name, ...(isName(socket) && { socket }) };
  } catch {
    return null;
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && /^[\w.@-]+$/.test(value);
}

/** The command that starts or stops it: a program and its arguments. It never asks for a password. */
export function serviceCommand(
  { manager, name, socket }: Service,
  verb: "start" | "stop",
): readonly [file: string, ...argv: string[]] {
  // With its door left open, the next follower that comes back would wake what was stopped on purpose.
  const units = verb === "stop" && socket !== undefined ? [socket, name] : [name];
  switch (manager) {
    case "systemd-user":
      return ["systemctl", "--user", verb, ...units];
    case "systemd-system":
      return ["systemctl", "--no-ask-password", verb, ...units];
    case "launchd":
      return verb === "start"
        ? ["launchctl", "kickstart", `gui/${process.getuid?.() ?? 0}/${name}`]
        : ["launchctl", "kill", "SIGTERM", `gui/${process.getuid?.() ?? 0}/${name}`];
    case "task-scheduler":
      return ["schtasks", verb === "start" ? "/run" : "/end", "/tn", name];
    default:
      return manager satisfies never;
  }
}
