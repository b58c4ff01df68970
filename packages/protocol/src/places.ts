/**
 * Where a home, its socket and its lock are. Pure, and shared by daemon and clients: both must come to the very same
 * socket from the very same home. The caller brings the platform, the environment and a sha256.
 */
export type Surroundings = {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  readonly uid: number;
  readonly cwd: string;
  /** sha256 of a text, in lower-case hex. */
  readonly sha256: (text: string) => string;
};

export type Places = {
  /** The daemon's own folder: absolute. */
  readonly home: string;
  readonly state: string;
  /** Target of the kernel lock that makes the daemon the only one of its home. Never unlinked. */
  readonly lock: string;
  /** What the daemon says of itself, and whatever Node prints when it dies. */
  readonly daemonLog: string;
  /** Who did what, over which door. */
  readonly auditLog: string;
  readonly socketFolder: string;
  readonly socket: string;
  /** How clients reach the daemon: AITHER_HOST, or the socket. */
  readonly host: string;
};

/** Sockets with longer paths are refused by some kernels and silently truncated by Node 20. */
export const SOCKET_PATH_BYTES_MAX = 103;

/** Computes all places. `homeFlag` is `--home`; relative homes are taken from `cwd`. */
export function places(around: Surroundings, homeFlag?: string): Places {
  const home = absolute(homeFlag ?? around.env["AITHER_HOME"] ?? defaultHome(around), around.cwd);
  const state = `${home}/.orchestration-jobs`;
  const socketFolder = around.env["XDG_RUNTIME_DIR"]
    ? `${around.env["XDG_RUNTIME_DIR"].replace(/\/+$/, "")}/aither`
    : `/tmp/aither-${around.uid}`;
  const hash = around.sha256(home).slice(0, 16);
  const socket = around.platform === "win32" ? `\\\\.\\pipe\\aither-${hash}` : `${socketFolder}/${hash}.sock`;
  return {
    home,
    state,
    lock: `${state}/lock`,
    daemonLog: `${home}/daemon.log`,
    auditLog: `${home}/audit.ndjson`,
    socketFolder,
    socket,
    host: around.env["AITHER_HOST"] || (around.platform === "win32" ? `npipe://${socket}` : `unix://${socket}`),
  };
}

function defaultHome({ platform, env, homedir }: Surroundings): string {
  if (env["XDG_STATE_HOME"]) return `${env["XDG_STATE_HOME"]}/aither`;
  if (platform === "darwin") return `${homedir}/Library/Application Support/aither`;
  if (platform === "win32") return `${env["LOCALAPPDATA"] ?? homedir}\\aither`;
  return `${homedir}/.local/state/aither`;
}

/** Resolves `.` and `..` without touching the file system, so that two spellings of one home give one socket. */
function absolute(path: string, cwd: string): string {
  if (/^[A-Za-z]:[\\/]/.test(path)) return path;
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
