// What some tests need beyond Node: a terminal multiplexer, a system-call tracer, the shells that the wrapper
// must run on, a browser, and a C compiler for the baseline of the benchmark. Each is optional: its tests say that they
// are skipped.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const tools = [
  { command: "tmux", packageName: "tmux", neededFor: "terminal tests" },
  { command: "strace", packageName: "strace", neededFor: "the order of system calls" },
  { command: "dash", packageName: "dash", neededFor: "the wrapper on dash" },
  { command: "bash", packageName: "bash", neededFor: "the wrapper on bash" },
  { command: "busybox", packageName: "busybox", neededFor: "the wrapper on busybox" },
  { command: "mksh", packageName: "mksh", neededFor: "the wrapper on mksh" },
  { command: "ksh", packageName: "ksh93u+m", neededFor: "the wrapper on ksh93" },
  { command: "faketime", packageName: "faketime", neededFor: "a wall clock that is set" },
  { command: "chromium", packageName: "chromium", neededFor: "the loopback door in a real browser" },
  { command: "perl", packageName: "perl", neededFor: "children that write over their environment" },
  { command: "mkfs.ext4", packageName: "e2fsprogs", neededFor: "a full disk, on ext4" },
  { command: "mkfs.xfs", packageName: "xfsprogs", neededFor: "a full disk, on XFS" },
  { command: "mkfs.btrfs", packageName: "btrfs-progs", neededFor: "a full disk, on btrfs" },
  { command: "gcc", packageName: "gcc", neededFor: "the baseline of the benchmark" },
];

/** Installs what is missing where that is possible (root, apt-get), and says what stays missing. */
export function installTestTools(say) {
  let missing = tools.filter((tool) => !onPath(tool.command));
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && onPath("apt-get") && process.env["AITHER_SETUP_APT"] !== "0") {
    say(`installing ${missing.map((tool) => tool.packageName).join(", ")} (apt-get)`);
    install(missing.map((tool) => tool.packageName));
    missing = missing.filter((tool) => !onPath(tool.command));
  }
  for (const tool of missing) say(`${tool.command} is not installed: tests of ${tool.neededFor} will be skipped`);
}

function install(packageNames) {
  const options = {
    stdio: ["ignore", "ignore", "ignore"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: 180_000,
  };
  const apt = ["-qq", "-o", "DPkg::Lock::Timeout=60"];
  spawnSync("apt-get", [...apt, "update"], options);
  const together = spawnSync("apt-get", [...apt, "install", "-y", "--no-install-recommends", ...packageNames], options);
  if (together.status === 0) return;
  // One package unknown to this distribution must not cost the others.
  for (const name of packageNames)
    spawnSync("apt-get", [...apt, "install", "-y", "--no-install-recommends", name], options);
}

function onPath(command) {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
