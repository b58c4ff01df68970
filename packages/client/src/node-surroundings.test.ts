import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { jobEnvironment, placesOf, workspaceOf } from "./node-surroundings.ts";

test("the workspace is the nearest folder with a mark, else where one stands", async () => {
  const root = await mkdtemp(join(tmpdir(), "ac-"));
  try {
    const deep = join(root, "project", "src", "deep");
    await mkdir(deep, { recursive: true });
    assert.equal(workspaceOf(deep), deep);
    await mkdir(join(root, "project", "orchestration", "playbooks"), { recursive: true });
    assert.equal(workspaceOf(deep), join(root, "project"));
    await mkdir(join(root, "project", "src", ".aither"));
    assert.equal(workspaceOf(deep), join(root, "project", "src"));
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a job's environment has the user's wishes and nothing of the terminal or of our own secrets", () => {
  const env = {
    PATH: "/bin",
    TERM: "xterm",
    TMUX_PANE: "%1",
    SSH_AUTH_SOCK: "/s",
    SSH_TTY: "/t",
    AITHER_TOKEN: "secret",
    MY: "1",
    XDG_SESSION_ID: "3",
    gone: undefined,
  };
  assert.deepEqual(jobEnvironment(env), { PATH: "/bin", SSH_AUTH_SOCK: "/s", MY: "1" });
});

test("two spellings of a home have one socket; AITHER_HOST goes before it", () => {
  const env = { HOME: "/h", XDG_RUNTIME_DIR: "/run/u" };
  const one = placesOf({ home: "x/../state", cwd: "/a", env });
  assert.equal(one.home, "/a/state");
  assert.equal(placesOf({ home: "/a/./state", cwd: "/", env }).socket, one.socket);
  assert.match(one.socket, /^\/run\/u\/aither\/[0-9a-f]{16}\.sock$/);
  assert.equal(placesOf({ env: { ...env, AITHER_HOST: "unix:///x" } }).host, "unix:///x");
});
