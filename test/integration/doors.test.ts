import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Reply, SessionView } from "@aither/protocol";
import type { Patch } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { ask, browser, exchange, invite, isOpen, json, token, upgrade } from "./lib/loopback.ts";

/** The life of the loopback door and of the sessions behind it. */

/** The same limits, short enough to wait for. */
const soon = (...limits: readonly (readonly [name: string, value: number])[]): readonly Patch[] => {
  const text = readFileSync(new URL("../../daemon/src/doors/limits.ts", import.meta.url), "utf8");
  return limits.map(([name, value]) => {
    const find = new RegExp(`${name}: [^,]+,`).exec(text)?.[0] ?? `no ${name}`;
    return { file: "daemon/src/doors/limits.ts", find, replace: `${name}: ${value},` };
  });
};

async function sessions(daemon: Daemon): Promise<readonly SessionView[]> {
  return ((await daemon.ask("GET", "/api/sessions")).body as Reply<"listSessions">).sessions;
}

/** Ports of 127.0.0.1 on which this process listens. */
function listening(pid: number): readonly string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [String(statSync(`/proc/${pid}/fd/${fd}`).ino)];
      } catch {
        return [];
      }
    }),
  );
  return ["tcp", "tcp6"]
    .flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, "utf8").split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[3] === "0A" && inodes.has(words[9] ?? ""))
    .map((words) => words[1] ?? "");
}

test("nothing listens until somebody asks; then it is 127.0.0.1 alone, and all is told by the socket, too", async () => {
  await Daemon.with(async (daemon) => {
    assert.deepEqual(listening(daemon.pid), []);
    const { port, headers, id, setCookie } = await browser(daemon, "operator", 3_600_000);
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    assert.deepEqual(listening(daemon.pid), [`0100007F:${hex}`]);
    assert.match(
      setCookie,
      new RegExp(`^aither_${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/api; Max-Age=3600$`),
    );
    const mine = (await ask(port, "/api/session", { headers })).body as unknown as Reply<"showSession">;
    assert.deepEqual([mine.door, mine.role, mine.session?.id, mine.session?.current], ["tcp", "operator", id, true]);
    const socket = (await daemon.ask("GET", "/api/session")).body as Reply<"showSession">;
    assert.deepEqual([socket.door, socket.role, socket.session], ["socket", "admin", null]);
    for (const [method, path, body] of [
      ["POST", "/api/session", { code: "x" }],
      ["DELETE", "/api/session", {}],
    ] as const)
      assert.equal((await daemon.ask(method, path, body)).status, 400, "the socket has no sessions");
  });
});

test("a code works once, within its minute, for its role; all else is 401", async () => {
  await Daemon.with(
    async (daemon) => {
      const used = await invite(daemon, { kind: "link", role: "viewer" });
      assert.equal((await exchange(used.port, { code: used.code })).status, 201);
      assert.equal((await exchange(used.port, { code: used.code })).status, 401, "used");
      const wrong = await invite(daemon, { kind: "link", role: "viewer" });
      assert.equal((await exchange(wrong.port, { code: wrong.code, role: "admin" })).status, 401, "another role");
      assert.equal((await exchange(wrong.port, { code: wrong.code })).status, 401, "spent by the wrong role");
      assert.equal((await exchange(wrong.port, { code: "x" })).status, 401, "none of ours");
      const late = await invite(daemon, { kind: "link", role: "viewer" });
      await waitFor("its end", () => Date.now() > Date.parse(late.validUntil));
      assert.equal((await exchange(late.port, { code: late.code })).status, 401, "late");
      assert.deepEqual(
        (await sessions(daemon)).map(({ role, kind }) => [role, kind]),
        [["viewer", "browser"]],
      );
    },
    { patches: soon(["codeLifeMs", 2_500]) },
  );
});

test("the file that leads a browser to a link is private, and goes when the code is used or too late", async () => {
  await Daemon.with(
    async (daemon) => {
      const { port, code, redirectFile = "" } = await invite(daemon, { kind: "link" });
      assert.equal(statSync(redirectFile).mode & 0o777, 0o600);
      assert.match(readFileSync(redirectFile, "utf8"), new RegExp(`url=http://127\\.0\\.0\\.1:${port}/open#${code}"`));
      await exchange(port, { code });
      await waitFor("its end", () => statSync(redirectFile, { throwIfNoEntry: false }) === undefined);
      const late = (await invite(daemon, { kind: "link" })).redirectFile ?? "";
      await waitFor("its end, unused", () => statSync(late, { throwIfNoEntry: false }) === undefined);
      const left = (await invite(daemon, { kind: "link" })).redirectFile ?? "";
      await daemon.kill();
      assert.ok(statSync(left).isFile());
      await daemon.launch();
      await waitFor("the next daemon to clear it away", () => statSync(left, { throwIfNoEntry: false }) === undefined);
    },
    { patches: soon(["codeLifeMs", 3_000], ["sweepMs", 200]) },
  );
});

test("sessions and the port outlive a killed daemon; on disk there are only digests, 0600", async () => {
  await Daemon.with(async (daemon) => {
    const page = await browser(daemon, "viewer");
    const program = await token(daemon, "admin");
    const path = join(daemon.workspace.places.state, "sessions.json");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const text = readFileSync(path, "utf8");
    const secrets = [
      page.key["x-aither-key"] ?? "",
      (page.cookie["cookie"] ?? "").replace(/^[^=]*=/, ""),
      (program.headers["authorization"] ?? "").replace("Bearer ", ""),
    ];
    for (const secret of secrets) {
      assert.ok(secret.length >= 43);
      assert.ok(!text.includes(secret));
      assert.ok(text.includes(createHash("sha256").update(secret).digest("hex")));
    }
    await daemon.restart();
    await waitFor("the door", () => isOpen(page.port));
    assert.equal((await ask(page.port, "/api/jobs", { headers: page.headers })).status, 200);
    assert.equal((await ask(page.port, "/api/jobs", { headers: program.headers })).status, 200);
    assert.ok(secrets.every((secret) => !readFileSync(daemon.workspace.places.daemonLog, "utf8").includes(secret)));
  });
});

test("who is revoked is out at once, followers included; revoke-all closes the door and moves it", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const [one] = await sessions(daemon);
    const follower = await upgrade(port, "/api/events", headers);
    assert.equal(follower.status, 101);
    const gone = once(follower.socket, "close");
    assert.equal((await daemon.ask("DELETE", `/api/sessions/${one?.id}`)).status, 200);
    await gone;
    assert.equal((await ask(port, "/api/jobs", { headers })).status, 401);
    assert.equal((await daemon.ask("DELETE", `/api/sessions/${one?.id}`)).status, 404);
    const page = await browser(daemon, "admin");
    const left = await ask(page.port, "/api/session", { method: "DELETE", headers: { ...json, ...page.headers } });
    assert.equal(left.status, 200, "who leaves is told so");
    assert.match(left.headers["set-cookie"]?.[0] ?? "", /Max-Age=0/);
    assert.equal((await ask(page.port, "/api/jobs", { headers: page.headers })).status, 401);
    const again = await browser(daemon, "admin");
    assert.equal(again.port, port);
    const all = await ask(port, "/api/sessions", { method: "DELETE", headers: { ...json, ...again.headers } });
    assert.deepEqual((all.body as unknown as Reply<"revokeSessions">).revoked, [again.id]);
    await waitFor("the door to close", async () => !(await isOpen(port)));
    assert.deepEqual(listening(daemon.pid), []);
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    assert.notEqual((await browser(daemon, "viewer")).port, port);
    squatter.close();
  });
});

test("a session ends when its time is over, with what it has open", async () => {
  await Daemon.with(
    async (daemon) => {
      const { port, headers } = await token(daemon, "viewer", 3_000);
      const follower = await upgrade(port, "/api/events", headers);
      assert.equal(follower.status, 101);
      await once(follower.socket, "close");
      await waitFor("the door to close behind the last one", async () => !(await isOpen(port)));
      assert.deepEqual(await sessions(daemon), []);
    },
    { patches: soon(["sweepMs", 100]) },
  );
});

test("the door closes when its last browser is idle, and not while it follows something", async () => {
  await Daemon.with(
    async (daemon) => {
      const page = await browser(daemon, "viewer");
      const follower = await upgrade(page.port, "/api/events", {
        ...page.cookie,
        origin: `http://127.0.0.1:${page.port}`,
        "sec-websocket-protocol": `aither.v1, key.${page.key["x-aither-key"]}`,
      });
      assert.equal(follower.status, 101);
      const lastUsed = Date.parse((await sessions(daemon))[0]?.lastUsedAt ?? "");
      await waitFor("more than the idle time", () => Date.now() > lastUsed + 2_500);
      assert.ok(await isOpen(page.port), "somebody follows");
      follower.socket.destroy();
      await waitFor("the door to close", async () => !(await isOpen(page.port)));
      // It was the door that closed; the session is still one, and the next invitation opens the same door for it.
      const { port } = await invite(daemon, { kind: "link" });
      assert.equal(port, page.port);
      assert.equal((await ask(port, "/api/session", { headers: page.headers })).status, 200);
    },
    { patches: soon(["sweepMs", 100], ["idleMs", 1_500]) },
  );
});

test("who listens on our port meanwhile may have been shown the proofs: all sessions end", async () => {
  await Daemon.with(async (daemon) => {
    const page = await browser(daemon, "admin");
    const program = await token(daemon, "admin");
    await daemon.kill();
    const squatter = createServer().listen(page.port, "127.0.0.1");
    await once(squatter, "listening");
    await daemon.launch();
    await waitFor("the daemon to see it", async () => (await sessions(daemon)).length === 0);
    const { port } = await invite(daemon, { kind: "link" });
    assert.notEqual(port, page.port);
    for (const headers of [page.headers, program.headers])
      assert.equal((await ask(port, "/api/jobs", { headers })).status, 401);
    squatter.close();
  });
});

test("a file of sessions that cannot be read lets nobody in, and keeps nobody from starting", async () => {
  await Daemon.with(async (daemon) => {
    const { writeFile } = await import("node:fs/promises");
    const { port, headers } = await token(daemon, "admin");
    await daemon.kill();
    const path = join(daemon.workspace.places.state, "sessions.json");
    await writeFile(path, '{"version": 1, "sessions": [');
    await daemon.launch();
    assert.deepEqual(await sessions(daemon), []);
    assert.equal(await isOpen(port), false);
    assert.equal((await ask((await invite(daemon, { kind: "link" })).port, "/api/jobs", { headers })).status, 401);
  });
});
