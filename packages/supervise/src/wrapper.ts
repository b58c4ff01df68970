/**
 * The wrapper: the few lines of POSIX shell that own one attempt and outlive everybody else.
 *
 *   claim ──▶ say so ──▶ run ──▶ wait ──▶ exit record ──▶ bell
 *
 * Its text travels in the argument of `sh -c`, so that an upgrade cannot change a running one.
 * Changing it changes a protocol: an older wrapper may still be running beside a newer daemon.
 */

/**
 * Variables start with `_aw_` because a name that the caller exported would stay exported, and the
 * script would see our value of it. The arguments are those of `wrapperArguments`.
 *
 * - Traps run `:` and are not empty: handlers are reset by exec, ignored signals would be inherited.
 * - fd 3 is the script's stderr; our own is closed so that "Killed" never reaches the log.
 * - fd 4 tells the starter, if it still lives, that the claim was won or lost. A hint, never the truth.
 * - PATH is ours while we work, because the caller's may not even hold `ln`.
 * - `times` before the sentinel: a record without its last line is no record.
 * - The script's shell joins its cgroup itself, and only after `ulimit`, for which ksh93 forks: the wrapper stays outside,
 *   so that what ends the group leaves somebody to record it.
 * - The input's write end is held by a process of its own, which one line into X.eof ends: so neither
 *   a dying sender nor a dying daemon is an end of input, yet there can be one. Both are open before that process is
 *   there: a script may have ended before it gets its turn, and would wait for nobody's line.
 * - A full disk: the code is kept in memory and tried again, until it is written or the folder is gone.
 */
export const WRAPPER_TEXT = `trap : HUP INT QUIT TERM USR1 USR2 PIPE ALRM
exec 3>&2 2>/dev/null
umask 077
_aw_had=\${PATH+y} _aw_path=\${PATH-}
PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/run/current-system/sw/bin
_aw_b=$1 _aw_bell=$2 _aw_dir=$3 _aw_nof=$4 _aw_cg=$5 _aw_mask=$6 _aw_in=$7 _aw_boot=$8 _aw_token=$9; shift 9
_aw_odd=$1 _aw_n=$1; shift
_aw_s() { shift 19; _aw_start=$1; }
if read -r _aw_x < /proc/$$/stat; then _aw_s \${_aw_x##*') '}
else _aw_start=$(TZ=UTC LC_ALL=C ps -o lstart= -p $$ | tr -s ' ' _); _aw_start=\${_aw_start%_}; fi
ln -s "v1 $_aw_boot $$ \${_aw_start:--}" "$_aw_b.claim" || { echo "refused $_aw_token" >&4; exit 75; }
echo "claimed $_aw_token $$ \${_aw_start:--}" >&4
exec 4>&-
if [ "$_aw_in" = fifo ] && mkfifo "$_aw_b.in" "$_aw_b.eof"; then
  exec 5<>"$_aw_b.in" 6<>"$_aw_b.eof" 0<"$_aw_b.in"
  ( trap '' HUP INT QUIT TERM; read -r _aw_x <&6 ) >/dev/null 3>&- &
  exec 5>&- 6>&-
fi
if ! cd "$_aw_dir" 2>&3; then _aw_rc=setup:cwd
else (
  ulimit -Sn "$_aw_nof"
  [ "$_aw_cg" = - ] || echo 0 > "$_aw_cg/cgroup.procs"
  umask "$_aw_mask"
  while [ "$_aw_n" -gt 0 ]; do
    eval "set -- \\"\\$_aw_e$_aw_n\\" \\"\\$@\\"; unset _aw_e$_aw_n"
    _aw_n=$((_aw_n - 1))
  done
  unset OLDPWD SHLVL
  if [ "$_aw_had" ]; then PATH=$_aw_path; else unset PATH; fi
  [ "$_aw_odd" = 0 ] || exec /usr/bin/env "$@" 2>&3 3>&-
  exec "$@" 2>&3 3>&-
); _aw_rc=$?
fi
[ "$_aw_in" = fifo ] && { echo 1<>"$_aw_b.eof"; rm -f "$_aw_b.in" "$_aw_b.eof"; }
_aw_r() { times; echo "exit $_aw_rc ."; }
until _aw_r 1<>"$_aw_b.exit"; do [ -d "\${_aw_b%/*}" ] || exit 70; sleep 5; done
: > "$_aw_bell"
exit 0
`;

/** Everything a wrapper is told on its command line. Nothing secret: others can read it. */
export type WrapperOrder = {
  readonly base: string;
  readonly bell: string;
  readonly cwd: string;
  readonly openFilesSoft: number;
  readonly cgroupDir: string | undefined;
  readonly umask: number;
  readonly stdin: boolean;
  readonly bootId: string;
  /** Comes back on fd 4 in `claimed TOKEN PID START` or `refused TOKEN`. */
  readonly token: string;
  /** How many environment entries travel as `_aw_e1`…; see `splitEnvironment`. */
  readonly oddEntries: number;
  readonly argv: readonly string[];
};

/** The arguments after `sh -c TEXT`. */
export function wrapperArguments(order: WrapperOrder): string[] {
  return [
    "aither-wrapper",
    order.base,
    order.bell,
    order.cwd,
    String(order.openFilesSoft),
    order.cgroupDir ?? "-",
    order.umask.toString(8).padStart(4, "0"),
    order.stdin ? "fifo" : "-",
    order.bootId,
    order.token,
    String(order.oddEntries),
    ...order.argv,
  ];
}

/** Names a shell changes, refuses or obeys: they must reach the script without meaning anything to ours. */
const shellNames = new Set(
  (
    "IFS OPTIND OPTARG OPTERR LINENO PPID UID EUID GROUPS RANDOM SRANDOM SECONDS EPOCHSECONDS " +
    "EPOCHREALTIME HISTCMD FUNCNAME DIRSTACK PIPESTATUS BASH BASHOPTS BASHPID SHELLOPTS ENV TMOUT " +
    "CDPATH ERRNO PS4"
  ).split(" "),
);

/** They describe the shell that set them, not the script we start; `PWD` is set to its directory. */
const neverPassed = new Set(["PWD", "OLDPWD", "SHLVL", "_"]);

/**
 * Sorts an environment into what a shell can export as it is, and the odd entries (`NAME=value`) that
 * need `env(1)`: names that are no identifiers (`INPUT_A-B`, exported functions), names with a meaning
 * for the wrapper's shell, and the loader's variables, which could keep even `ln` from starting.
 */
export function splitEnvironment(env: Readonly<Record<string, string>>): {
  readonly plain: readonly (readonly [string, string])[];
  readonly odd: readonly string[];
} {
  const plain: [string, string][] = [];
  const odd: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || name.includes("=") || `${name}${value}`.includes("\0")) {
      throw new Error(`no environment can hold the name ${JSON.stringify(name)} or its value`);
    }
    if (neverPassed.has(name)) continue;
    const isPlain =
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(_aw_|BASH_|LD_|DYLD_)/.test(name) && !shellNames.has(name);
    if (isPlain) plain.push([name, value]);
    else odd.push(`${name}=${value}`);
  }
  return { plain, odd };
}

/** One word of shell, whatever the text: newlines, quotes and dollar signs stay themselves. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A single argument of a Linux process may not exceed 128 KiB; half of it leaves room. */
export const INLINE_TEXT_BYTES_MAX = 64 * 1024;

/**
 * How to run a text with a shell (`sh`, `bash`, …): in the argument when it is short, otherwise through
 * a file which the caller must write (0600) to `file.path` before it starts the attempt.
 */
export function inlineScript(options: {
  readonly shell: readonly [string, ...string[]];
  readonly text: string;
  readonly textPath: string;
  readonly arguments?: readonly string[];
}): {
  readonly argv: readonly [string, ...string[]];
  readonly file: { readonly path: string; readonly bytes: Buffer } | undefined;
} {
  const [shell, ...flags] = options.shell;
  const rest = options.arguments ?? [];
  const bytes = Buffer.from(options.text);
  if (bytes.byteLength <= INLINE_TEXT_BYTES_MAX) {
    return { argv: [shell, ...flags, "-c", options.text, shell, ...rest], file: undefined };
  }
  return {
    argv: [shell, ...flags, options.textPath, ...rest],
    file: { path: options.textPath, bytes },
  };
}
