/** A service as files and commands: what `aither service` writes, runs, and tells when it cannot run it. */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fail, placesOf, readService, type Service } from "@aither/client/node";
import type { Context } from "../context.ts";
import { usage } from "../input.ts";
import { findProgram, serviceFacts, type ServiceFacts } from "./facts.ts";
import { launchdPlist } from "./launchd-plist.ts";
import { systemdSocket } from "./systemd-socket.ts";
import { systemdUnit } from "./systemd-unit.ts";
import { taskXml } from "./task-xml.ts";

export type CommandLine = readonly [file: string, ...argv: string[]];

export type Definition = {
  readonly service: Service;
  readonly facts: ServiceFacts;
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  /** What else is written, before the service's own file. */
  readonly beside: readonly { readonly file: string; readonly text: string }[];
  readonly encoding: "utf8" | "utf16le";
  /** In this order, once the file is there. */
  readonly install: readonly CommandLine[];
  /** In this order, before the file goes. */
  readonly uninstall: readonly CommandLine[];
  /** Once the file is gone. */
  readonly afterwards: readonly CommandLine[];
  /** Null when the manager runs here; else why its commands are not run. */
  readonly absent: string | null;
};

/** `system`: for systemd, a unit of the machine instead of the user's own. */
export function define(context: Context, { system }: { readonly system: boolean }): Definition {
  const { env, cwd } = context;
  const usual = placesOf({ cwd, env: { ...env, AITHER_HOME: undefined } }).home;
  const facts = serviceFacts(context, usual);
  if (system && process.platform !== "linux") throw usage("--system is for systemd alone");
  if (process.platform === "darwin") return launchd(context, facts);
  if (process.platform === "win32") return taskScheduler(facts);
  if (process.platform !== "linux")
    throw fail("REQUIREMENT_UNMET", `no service manager is known for ${process.platform}`);
  return systemd(context, facts, system);
}

/** That of the installed service, else the one that would be installed. */
export function defineInstalled(context: Context, options: { readonly system: boolean }): Definition {
  const installed = readService(context.places.home);
  return define(context, { system: installed === null ? options.system : installed.manager === "systemd-system" });
}

function systemd({ env }: Context, facts: ServiceFacts, system: boolean): Definition {
  const name = `aither${facts.suffix}.service`;
  // The machine's systemd would make the folder of a user's socket as root, which the daemon rightly refuses.
  const socket = system && facts.uid !== 0 ? null : name.replace(/service$/, "socket");
  const both = socket === null ? [name] : [name, socket];
  const config = env["XDG_CONFIG_HOME"] || join(env["HOME"] || userInfo().homedir, ".config");
  const file = join(system ? "/etc/systemd/system" : join(config, "systemd", "user"), name);
  const control: CommandLine = system ? ["systemctl"] : ["systemctl", "--user"];
  return {
    service: { manager: system ? "systemd-system" : "systemd-user", name, ...(socket !== null && { socket }) },
    facts,
    file,
    text: systemdUnit(facts, { system, socket }),
    beside: socket === null ? [] : [{ file: join(dirname(file), socket), text: systemdSocket(facts) }],
    encoding: "utf8",
    install: [
      [...control, "daemon-reload"],
      [...control, "enable", ...both],
      // A socket cannot be opened beside a service that runs already.
      ...(socket === null ? [] : [[...control, "stop", name] as const, [...control, "restart", socket] as const]),
      [...control, "restart", name],
    ],
    uninstall: [[...control, "disable", "--now", ...both]],
    afterwards: [[...control, "daemon-reload"]],
    absent: systemdIsAbsent(env, system),
  };
}

function systemdIsAbsent(env: Context["env"], system: boolean): string | null {
  if (findProgram("systemctl", env["PATH"] ?? "") === null) return "there is no systemctl";
  if (!existsSync("/run/systemd/system")) return "systemd does not run here";
  const runtime = env["XDG_RUNTIME_DIR"];
  if (system) return null;
  if (!runtime) return "XDG_RUNTIME_DIR is not set, so your own systemd cannot be reached";
  return existsSync(join(runtime, "systemd", "private")) ? null : "your own systemd (user@.service) does not run";
}

function launchd({ env }: Context, facts: ServiceFacts): Definition {
  const label = `aither.daemon${facts.suffix}`;
  const domain = `gui/${process.getuid?.() ?? 0}`;
  const file = join(env["HOME"] || userInfo().homedir, "Library", "LaunchAgents", `${label}.plist`);
  return {
    service: { manager: "launchd", name: label },
    facts,
    file,
    text: launchdPlist(facts, { label }),
    beside: [],
    encoding: "utf8",
    install: [["launchctl", "bootstrap", domain, file]],
    uninstall: [["launchctl", "bootout", `${domain}/${label}`]],
    afterwards: [],
    absent: findProgram("launchctl", env["PATH"] ?? "") === null ? "there is no launchctl" : null,
  };
}

function taskScheduler(facts: ServiceFacts): Definition {
  const name = `aither${facts.suffix}`;
  const file = join(facts.home, "service-task.xml");
  return {
    service: { manager: "task-scheduler", name },
    facts,
    file,
    text: taskXml(facts, { user: userInfo().username }),
    beside: [],
    encoding: "utf16le",
    install: [
      ["schtasks", "/create", "/tn", name, "/xml", file, "/f"],
      ["schtasks", "/run", "/tn", name],
    ],
    uninstall: [
      ["schtasks", "/end", "/tn", name],
      ["schtasks", "/delete", "/tn", name, "/f"],
    ],
    afterwards: [],
    absent: null,
  };
}
