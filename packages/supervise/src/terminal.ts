/**
 * A script in a pseudo-terminal, for programs that ask whether somebody looks at them.
 *
 *   wrapper ─▶ holder ═ pty ═ inner shell ─▶ the script
 *
 * The holder has the other end of the terminal and writes what comes out of it into the log. It belongs to the wrapper's
 * session and outlives the daemon as the wrapper does. The inner shell leads the terminal's session, and stays, so that
 * whoever stops, freezes or kills the script never touches the holder's own child: `script` stops with it.
 */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { quote } from "./wrapper.ts";

export type TerminalSize = { readonly columns: number; readonly rows: number };

/** Who holds the terminal: `script` of util-linux, or Python's `pty`. */
export type TerminalHolder = { readonly is: "script" | "python"; readonly path: string };

export type Terminal = { readonly size: TerminalSize; readonly holder: TerminalHolder };

export const TERMINAL_SIZE: TerminalSize = { columns: 80, rows: 24 };
/** By it a wrapper is known whose session holds a terminal; no script ever has it. */
export const TERMINAL_MARK = "_aw_pty_count";
const ASK_PATIENCE_MS = 10_000;

let known: Promise<TerminalHolder | undefined> | undefined;

/** What this machine has to hold a terminal; undefined when it has nothing. Asked once, while it is there. */
export async function findTerminalHolder(): Promise<TerminalHolder | undefined> {
  known ??= lookForHolder(systemFolders());
  const found = await known;
  if (found === undefined || !isProgram(found.path)) known = undefined;
  return found;
}

function systemFolders(): readonly string[] {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin", "/opt/homebrew/bin", ...path];
}

/** Other systems have a `script`, too, which takes other words and forgets the exit code. */
export async function lookForHolder(folders: readonly string[]): Promise<TerminalHolder | undefined> {
  const paths = (name: string): string[] => folders.map((folder) => join(folder, name)).filter(isProgram);
  for (const path of new Set(paths("script"))) {
    if ((await output(path, ["--version"])).includes("util-linux")) return { is: "script", path };
  }
  for (const path of new Set(paths("python3"))) {
    if ((await output(path, ["-c", "import pty; print('can hold a terminal')"])).startsWith("can")) {
      return { is: "python", path };
    }
  }
  return undefined;
}

async function output(path: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(path, args, { timeout: ASK_PATIENCE_MS })).stdout;
  } catch {
    return "";
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Run by `sh -c` in the terminal. Names begin as the wrapper's do, and for the same reason. Command and odd environment
 * travel in variables: one argument of a process can hold 128 KiB, and others could read it.
 *
 * - Signals that the terminal makes of keys go to all in front of it: the handlers keep this shell, exec resets them.
 * - fd 3 is the terminal; our own stderr is closed so that "Killed" is not shown in it.
 * - The script joins its cgroup here and not in the wrapper, so that the holder and this shell stay outside.
 */
function innerText(
  { columns, rows }: TerminalSize,
  {
    hasInput,
    strange,
    cgroupDir,
  }: { readonly hasInput: boolean; readonly strange: readonly string[]; readonly cgroupDir: string | undefined },
): string {
  return `trap : HUP INT QUIT TERM
exec 3>&2 2>/dev/null
command -p stty rows ${rows} cols ${columns}
(
  ${cgroupDir === undefined ? ":" : `echo 0 > ${quote(join(cgroupDir, "cgroup.procs"))}`}
  set --
  while [ "$_aw_pty_count" -gt 0 ]; do
    eval "set -- \\"\\$_aw_pty_$_aw_pty_count\\" \\"\\$@\\"; unset _aw_pty_$_aw_pty_count"
    _aw_pty_count=$((_aw_pty_count - 1))
  done
  if [ "\${_aw_pty_shell+y}" ]; then SHELL=$_aw_pty_shell; else unset SHELL; fi
  unset ${["OLDPWD", "SHLVL", "_aw_pty_count", "_aw_pty_shell", ...strange].join(" ")}
  ${hasInput ? ":" : "exec </dev/null"}
  exec "$@" 2>&3 3>&-
)
exit $?`;
}

/**
 * What `script` does where there is none. It goes when the inner shell has gone and what was written before that is in
 * the log, whoever may still hold the terminal open. A full disk makes the script wait, as a full pipe would.
 */
const PYTHON_TEXT = `import fcntl, os, pty, select, signal, struct, sys, termios, time
rows, columns, shell, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
ears, bell = os.pipe()
os.set_blocking(ears, False)
os.set_blocking(bell, False)
signal.set_wakeup_fd(bell)
for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD):
    signal.signal(one, lambda *_: None)
child, screen = pty.fork()
if child == 0:
    for one in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(one, signal.SIG_DFL)
    os.execv(shell, [shell, "-c", text])
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
os.set_blocking(screen, False)
def put(data):
    while data:
        try:
            data = data[os.write(1, data):]
        except OSError:
            time.sleep(1)
waiting, isOpen, hasInput, code, left = b"", True, True, None, 1 << 20
while True:
    sources = [ears] + ([screen] if isOpen else []) + ([0] if hasInput and len(waiting) < 65536 else [])
    ready, free, _ = select.select(sources, [screen] if isOpen and waiting else [], [], None if code is None else 0.01)
    if ears in ready:
        os.read(ears, 4096)
    if code is None:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            hasInput, waiting = False, b""
            continue
    if screen in ready:
        try:
            data = os.read(screen, 65536)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        if data == b"":
            isOpen = False
        elif data:
            put(data)
            left -= len(data) if code is not None else 0
    if code is not None and (screen not in ready or left <= 0):
        os._exit(code)
    if screen in free:
        try:
            waiting = waiting[os.write(screen, waiting):]
        except OSError:
            pass
    if 0 in ready and hasInput:
        data = os.read(0, 4096)
        hasInput = data != b""
        waiting += data or b"\\x04"
`;

export type TerminalCommand = {
  readonly argv: readonly [string, ...string[]];
  readonly plain: readonly (readonly [string, string])[];
};

/** A command with its environment (as `splitEnvironment` sorts it), as a command that runs it in a terminal. */
export function inTerminal(
  { holder, size }: Terminal,
  command: TerminalCommand & {
    readonly odd: readonly string[];
    readonly shell: string;
    readonly hasInput: boolean;
    readonly cgroupDir: string | undefined;
  },
): TerminalCommand {
  const { odd, shell, hasInput, cgroupDir } = command;
  const words = [...(odd.length === 0 ? [] : ["/usr/bin/env", ...odd]), ...command.argv];
  const env = new Map(command.plain);
  const theirShell = env.get("SHELL");
  // `script` runs its command with it, and it may be anything.
  env.set("SHELL", shell);
  if (theirShell !== undefined) env.set("_aw_pty_shell", theirShell);
  const given = new Set(env.keys());
  for (const [name, value] of [
    ["TERM", "xterm-256color"],
    ["COLUMNS", String(size.columns)],
    ["LINES", String(size.rows)],
  ] as const) {
    if (!given.has(name)) env.set(name, value);
  }
  env.set(TERMINAL_MARK, String(words.length));
  words.forEach((word, index) => env.set(`_aw_pty_${index + 1}`, word));
  // Python gives itself a locale, and those it starts.
  const strange = holder.is === "python" && !given.has("LC_CTYPE") ? ["LC_CTYPE"] : [];
  const text = innerText(size, { hasInput, strange, cgroupDir });
  const argv: TerminalCommand["argv"] =
    holder.is === "script"
      ? [holder.path, "-qefc", text, "/dev/null"]
      : [holder.path, "-ISc", PYTHON_TEXT, String(size.rows), String(size.columns), shell, text];
  return { argv, plain: [...env] };
}
