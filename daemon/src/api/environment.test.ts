import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { jobEnvironment, plainEnvironment, workspaceOf } from "./environment.ts";

test("what speaks of a terminal or a session is dropped, and nothing else", () => {
  const kept = {
    PATH: "/bin",
    HOME: "/h",
    LANG: "C",
    LC_ALL: "C",
    SSH_AUTH_SOCK: "/s",
    NO_COLOR: "1",
    CI: "true",
    EDITOR: "vi",
    TERMINAL_FACTS: "x",
    TMUX_TMPDIR: "/t",
    XDG_RUNTIME_DIR: "/r",
    DBUS_SESSION_BUS_ADDRESS: "unix:",
    AITHER_HOME: "/a",
    MY_TERM: "x",
    "weird name": "x",
  };
  const dropped = {
    _: "/bin/env",
    SHLVL: "2",
    PWD: "/x",
    OLDPWD: "/y",
    TERM: "xterm",
    COLORTERM: "truecolor",
    COLUMNS: "80",
    LINES: "24",
    TERM_PROGRAM: "vscode",
    TMUX: "x",
    TMUX_PANE: "%1",
    STY: "x",
    SSH_TTY: "/dev/pts/1",
    SSH_CONNECTION: "x",
    XDG_SESSION_ID: "4",
    INVOCATION_ID: "x",
    JOURNAL_STREAM: "x",
    NOTIFY_SOCKET: "x",
    KITTY_WINDOW_ID: "1",
    AITHER_ATTEMPT: "outer",
  };
  assert.deepEqual(jobEnvironment({ ...dropped, ...kept }), kept);
});

test("a caller without an environment gets a login's, not the daemon's", () => {
  assert.deepEqual(plainEnvironment({ PATH: "/bin", SECRET: "x", HOME: "/h", TERM: "xterm", TZ: undefined }), {
    PATH: "/bin",
    HOME: "/h",
  });
});

test("the workspace is what was said, else where the client stood, else the home", () => {
  assert.equal(workspaceOf({ workspace: "/w", env: { PWD: "/p" } }), "/w");
  assert.equal(workspaceOf({ env: { PWD: "/p" } }), "/p");
  assert.equal(workspaceOf({ env: { PWD: "relative" } }), homedir());
  assert.equal(workspaceOf({}), homedir());
});
