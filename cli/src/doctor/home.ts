/** The home, its disk, its socket's folder. Nothing in here writes. */
import { existsSync, lstatSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Places } from "@aither/protocol";
import { bad, good, warn, type Finding } from "./finding.ts";

export function folderFindings({ home, state, socketFolder }: Places): Finding[] {
  if (process.platform === "win32") return [];
  return [
    folderFinding("home", home, { mend: `chmod 700 ${home}`, strict: true }),
    ...(existsSync(state) ? [folderFinding("state", state, { mend: `chmod 700 ${state}`, strict: true })] : []),
    folderFinding("socket folder", socketFolder, { mend: `chmod 700 ${socketFolder}`, strict: false }),
  ];
}

/** `strict`: others who may write there are a danger now; else the daemon itself mends it when it starts. */
function folderFinding(name: string, path: string, options: { mend: string; strict: boolean }): Finding {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return good(name, `${path} · not there yet; the first command makes it`);
  const uid = process.getuid?.() ?? 0;
  const folder = found.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : found;
  if (folder === undefined || !folder.isDirectory())
    return bad(name, `${path} is not a folder`, `move it away, or choose another home`);
  if (folder.uid !== uid)
    return bad(name, `${path} belongs to user ${folder.uid}, not to you (${uid})`, `chown -R ${uid} ${path}`);
  const mode = (folder.mode & 0o777).toString(8).padStart(4, "0");
  if (options.strict && (folder.mode & 0o022) !== 0)
    return bad(name, `${path} · ${mode}: others may write there, and so command you`, options.mend);
  if ((folder.mode & 0o077) !== 0) return warn(name, `${path} · ${mode}: others may look in`, options.mend);
  return good(name, `${path} · ${mode}`);
}

const BAD_BELOW_BYTES = 16 * 1_048_576;
const WARN_BELOW_BYTES = 512 * 1_048_576;
const NAMES_MIN = 1_000;

type Kind = { readonly name: string; readonly because?: string };

/** By the numbers of statfs(2). */
const fileSystems: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0xef53, { name: "ext4" }],
  [0x58465342, { name: "XFS" }],
  [0x9123683e, { name: "btrfs" }],
  [0x2fc12fc1, { name: "ZFS" }],
  [0x6969, { name: "NFS", because: "it tells nobody when a file grows, and its locks may fail" }],
  [0x517b, { name: "SMB", because: "its locks and its syncing are not to be relied on" }],
  [0xff534d42, { name: "CIFS", because: "its locks and its syncing are not to be relied on" }],
  [0xfe534d42, { name: "SMB", because: "its locks and its syncing are not to be relied on" }],
  [0x65735546, { name: "FUSE", because: "whether it syncs depends on what is behind it" }],
  [0x01021997, { name: "9p", because: "its locks and its syncing are not to be relied on" }],
  [0x01021994, { name: "tmpfs", because: "a reboot empties it, and with it every job" }],
  [0x794c7630, { name: "overlay", because: "it goes with its container" }],
]);

export function diskFindings(home: string): Finding[] {
  let folder = home;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { type, bavail, bsize, files, ffree } = statfsSync(folder);
  return [...spaceFindings({ freeBytes: bavail * bsize, names: files, freeNames: ffree }), fileSystemFinding(type)];
}

export function fileSystemFinding(type: number): Finding {
  const kind = fileSystems.get(type >>> 0) ?? { name: `type 0x${(type >>> 0).toString(16)}` };
  return kind.because === undefined
    ? good("file system", kind.name)
    : warn("file system", `${kind.name}: ${kind.because}`, "put the home on a local disk: AITHER_HOME");
}

export function spaceFindings(disk: { freeBytes: number; names: number; freeNames: number }): Finding[] {
  const { freeBytes, names, freeNames } = disk;
  const free =
    freeBytes >= 2 ** 30
      ? `${(freeBytes / 2 ** 30).toFixed(1)} GiB free`
      : `${Math.floor(freeBytes / 2 ** 20)} MiB free`;
  const mend = "make room: aither prune removes old jobs";
  const found =
    freeBytes < BAD_BELOW_BYTES
      ? bad("disk space", `${free}: the daemon stops when nothing can be written`, mend)
      : freeBytes < WARN_BELOW_BYTES
        ? warn("disk space", free, mend)
        : good("disk space", free);
  if (names > 0 && freeNames < NAMES_MIN) return [found, warn("inodes", `${freeNames} free`, mend)];
  return [found];
}
