/** What a Node program brings along: where its home is, which workspace it stands in, what a job may inherit. */
import { dirname, join } from "node:path";
import { places, SOCKET_PATH_BYTES_MAX, type Places, type Surroundings } from "@aither/protocol";
import type { Address } from "./http1.ts";
import { fail } from "./problem.ts";
import { sha256 } from "./sha256.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type Whereabouts = { readonly home?: string | undefined; readonly cwd?: string; readonly env?: Env };

/** The places of a home, computed exactly as the daemon computes them. */
export function placesOf({ home, cwd = process.cwd(), env = process.env }: Whereabouts = {}): Places {
  const around: Surroundings = {
    platform: process.platform,
    env,
    homedir: env["HOME"] || process.getBuiltinModule("node:os").homedir(),
    uid: process.getuid?.() ?? 0,
    cwd,
    sha256,
  };
  return places(around, home);
}

/** Reads `unix:///path`, `npipe://…`, `http://127.0.0.1:PORT` or a bare path. */
export function addressOf(host: string, env: Env = process.env): Address {
  const url = /^http:\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(host);
  if (url) {
    const name = (url[1] ?? "").replace(/^\[|\]$/g, "");
    const port = Number(url[2] ?? 80);
    if (!/^(127\.0\.0\.1|localhost|::1)$/.test(name)) {
      throw fail("SETTING_INVALID", `AITHER_HOST is not on this machine: ${host}`, {
        hint: "the token would travel in the clear: forward the port (ssh -L), and name 127.0.0.1",
      });
    }
    return {
      where: host,
      authority: `${url[1]}:${port}`,
      to: { host: name, port },
      token: env["AITHER_TOKEN"] || null,
    };
  }
  const path = host.startsWith("unix://") ? host.slice(7) : host.startsWith("npipe://") ? host.slice(8) : host;
  if (/^[a-z]+:\/\//i.test(path) || path === "") {
    throw fail("SETTING_INVALID", `AITHER_HOST is not an address: ${host}`, {
      hint: "write unix:///path, npipe://NAME or http://127.0.0.1:PORT",
    });
  }
  if (!path.startsWith("\\\\") && Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw fail("SOCKET_PATH_TOO_LONG", `the socket's path has ${Buffer.byteLength(path)} bytes: ${path}`);
  }
  return { where: host, authority: "localhost", to: { path }, token: null };
}

const markers = ["playbooks", join("orchestration", "playbooks"), ".aither", ".git"];

/** The nearest folder at or above `cwd` that holds playbooks, `.aither` or `.git`; else `cwd` itself. */
export function workspaceOf(cwd: string): string {
  const { existsSync } = process.getBuiltinModule("node:fs");
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (markers.some((marker) => existsSync(join(folder, marker)))) return folder;
    if (dirname(folder) === folder) return cwd;
  }
}

/** Names that speak of this terminal or this login, not of the work. A job outlives both. */
const ofTheTerminal =
  /^(_|TERM|TERM_PROGRAM.*|TERMINFO.*|TERMCAP|COLORTERM|COLORFGBG|COLUMNS|LINES|LS_COLORS|SHLVL|OLDPWD|PWD|WINDOWID|WINDOW|TMUX.*|STY|ZELLIJ.*|SSH_TTY|SSH_CLIENT|SSH_CONNECTION|GPG_TTY|VTE_VERSION|KONSOLE_.*|ITERM_.*|LC_TERMINAL.*|KITTY_.*|ALACRITTY_.*|WEZTERM_.*|GHOSTTY_.*|WT_SESSION|WT_PROFILE_ID|ConEmu.*|VSCODE_.*|XDG_SESSION_.*|XDG_SEAT|XDG_VTNR|DBUS_SESSION_BUS_ADDRESS|INVOCATION_ID|JOURNAL_STREAM|AITHER_TOKEN|AITHER_PROGRESS)$/;

/** The environment a job starts from: this one, without what belongs to the terminal and the session. */
export function jobEnvironment(env: Env): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !ofTheTerminal.test(name)) kept[name] = value;
  }
  return kept;
}
