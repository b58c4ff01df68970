/** The text of the socket unit: systemd holds the door, so that who calls while no daemon runs waits and wakes one. */
import type { ServiceFacts } from "./facts.ts";

/** For beside the service's own unit, whose name but for its ending it has: that is how systemd pairs them. */
export function systemdSocket(facts: ServiceFacts): string {
  return [
    "# Written by `aither service install`; `aither service uninstall` removes it.",
    "[Unit]",
    "Description=aither: where commands reach this home's daemon",
    "",
    "[Socket]",
    `ListenStream=${facts.socket.replaceAll("%", "%%")}`,
    // The file's permissions are the check of who may command the daemon.
    "SocketMode=0600",
    "DirectoryMode=0700",
    "Backlog=4096",
    // A door that leads to nobody would let commands wait instead of starting a daemon.
    "RemoveOnStop=yes",
    "",
    "[Install]",
    "WantedBy=sockets.target",
    "",
  ].join("\n");
}
