import { homedir } from "node:os";

/**
 * Names of variables that speak of one terminal, one login session or one service's start. A job outlives all of
 * them, so its scripts must not believe in them. This is the one place where an environment is cut down.
 */
const dropped =
  /^(_|SHLVL|PWD|OLDPWD|PS[0-4]|PROMPT_COMMAND|TERM|TERMCAP|COLORTERM|COLUMNS|LINES|TERM_(PROGRAM|PROGRAM_VERSION|SESSION_ID|FEATURES)|WINDOWID|WINDOWPATH|TMUX|TMUX_PANE|STY|WINDOW|VTE_VERSION|INSIDE_EMACS|LC_TERMINAL(_VERSION)?|WT_(SESSION|PROFILE_ID)|(KITTY|ALACRITTY|WEZTERM|KONSOLE|ITERM|GNOME_TERMINAL|GHOSTTY|VSCODE|ZELLIJ)_.*|TILIX_ID|TERMINATOR_UUID|SSH_(TTY|CONNECTION|CLIENT)|XDG_(SESSION_(ID|TYPE|CLASS|DESKTOP|PATH)|SEAT|SEAT_PATH|VTNR)|DESKTOP_STARTUP_ID|XDG_ACTIVATION_TOKEN|INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|LISTEN_(FDS|PID|FDNAMES)|WATCHDOG_(PID|USEC)|MAINPID|MANAGERPID|SYSTEMD_EXEC_PID|AITHER_ATTEMPT.*)$/;

type Environment = Readonly<Record<string, string>>;

/** The client's environment without what speaks of its terminal or session. */
export function jobEnvironment(client: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(client).filter(([name]) => !dropped.test(name)));
}

const basics = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "TZ"];

/** For a caller that sent none: what a login would bring, and nothing else of the daemon's own. */
export function plainEnvironment(daemon: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(basics.flatMap((name) => (daemon[name] === undefined ? [] : [[name, daemon[name]]])));
}

/** Where the client stood, as far as the request tells. */
export function workspaceOf(request: { workspace?: string; env?: Environment }): string {
  const stood = request.env?.["PWD"];
  return request.workspace ?? (stood?.startsWith("/") === true ? stood : homedir());
}
