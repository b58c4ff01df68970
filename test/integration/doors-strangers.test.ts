import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { ask, bearer, browser, exchange, invite, json, token, upgrade, type Headers } from "./lib/loopback.ts";

/** The loopback door before it asks for a proof, and what it takes for one. */

const own = (port: number): string => `127.0.0.1:${port}`;

test("a wrong Host, a rebinding name, a foreign Origin and another port's Origin are refused, on every path", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const session = await browser(daemon, "admin");
    const strange: readonly Headers[] = [
      { host: "evil.example" },
      { host: `evil.example:${port}` },
      { host: "127.0.0.1" },
      { host: own(port + 1) },
      { host: `127.0.0.1.evil.example:${port}` },
      { host: `localhost.:${port}` },
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: `http://${own(port + 1)}` },
      { origin: `https://${own(port)}` },
      { origin: `http://localhost:${port}` },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site" },
    ];
    const paths = [...Object.values(routes), ...["/", "/open", "/nothing"].map((path) => ({ method: "GET", path }))];
    for (const one of strange) {
      for (const { method, path } of paths) {
        const real = path.replaceAll(/:\w+/g, "latest");
        for (const proof of [headers, session.headers, {}]) {
          const answer = await ask(port, real, { method, headers: { ...json, ...proof, ...one } });
          assert.equal(answer.status, 403, `${method} ${path} ${JSON.stringify(one)} ${answer.text}`);
          assert.equal(answer.headers["access-control-allow-origin"], undefined);
        }
      }
    }
    for (const host of [own(port), `localhost:${port}`, `[::1]:${port}`]) {
      const answer = await ask(port, "/api/session", {
        headers: { ...session.headers, host, origin: `http://${host}` },
      });
      assert.equal(answer.status, 200, answer.text);
    }
    // Nothing of it was done: not one of them stopped the daemon or ended a session.
    assert.equal((await daemon.ask("GET", "/api/health")).status, 200);
    assert.equal(((await daemon.ask("GET", "/api/sessions")).body as { sessions: unknown[] }).sessions.length, 2);
  });
});

test("a WebSocket of another origin, another port or without an origin is refused before it is one", async () => {
  await Daemon.with(async (daemon) => {
    const { port, cookie, key, headers } = await browser(daemon, "viewer");
    const { headers: program } = await token(daemon, "viewer");
    const at = { origin: `http://${own(port)}` };
    const protocol = { "sec-websocket-protocol": `aither.v1, key.${key["x-aither-key"]}` };
    const refused: readonly [Headers, number][] = [
      [{ ...headers }, 403],
      [{ ...headers, origin: `http://${own(port + 1)}` }, 403],
      [{ ...headers, origin: "http://evil.example" }, 403],
      [{ ...headers, ...at, host: `evil.example:${port}` }, 403],
      [{ ...at }, 401],
      [{ ...at, ...cookie }, 401],
      [{ ...at, ...protocol }, 401],
      [{ ...at, ...cookie, "sec-websocket-protocol": "aither.v1, key.wrong" }, 401],
      [{ ...program, ...at }, 403],
      [{ ...program, ...cookie }, 403],
    ];
    for (const [given, status] of refused) {
      const answer = await upgrade(port, "/api/events", given);
      assert.equal(answer.status, status, `${JSON.stringify(given)} ${answer.head}`);
      answer.socket.destroy();
    }
    const page = await upgrade(port, "/api/events", { ...at, ...cookie, ...protocol });
    assert.equal(page.status, 101, page.head);
    // The key is not sent back.
    assert.match(page.head, /^sec-websocket-protocol: aither\.v1\r$/im);
    page.socket.destroy();
    const follower = await upgrade(port, "/api/events", program);
    assert.equal(follower.status, 101, follower.head);
    follower.socket.destroy();
  });
});

test("a browser needs the cookie and the key; a program needs its token and nothing of a browser", async () => {
  await Daemon.with(async (daemon) => {
    const one = await browser(daemon, "admin");
    const other = await browser(daemon, "admin");
    const { port, headers: program } = await token(daemon, "admin");
    const refused: readonly [Headers, number][] = [
      [{}, 401],
      [one.cookie, 401],
      [one.key, 401],
      [{ ...one.cookie, ...other.key }, 401],
      [{ ...one.cookie, "x-aither-key": "" }, 401],
      [{ cookie: `aither_${port}=`, ...one.key }, 401],
      [{ cookie: (one.cookie["cookie"] ?? "").replace(/^aither_\d+/, "aither"), ...one.key }, 401],
      [bearer("aither_wrong"), 401],
      [{ authorization: "Basic YTpi" }, 401],
      [{ authorization: "Bearer " }, 401],
      [{ ...program, origin: `http://${own(port)}` }, 403],
      [{ ...program, cookie: "any=thing" }, 403],
    ];
    for (const [headers, status] of refused) {
      const answer = await ask(port, "/api/jobs", { headers });
      assert.equal(answer.status, status, `${JSON.stringify(headers)} ${answer.text}`);
    }
    assert.equal((await ask(port, "/api/jobs", { headers: one.headers })).status, 200);
    assert.equal((await ask(port, "/api/jobs", { headers: program })).status, 200);
    // What another port's page adds to the cookies is in nobody's way, and helps nobody.
    const added = { ...one.headers, cookie: `aither_${port}=stranger; ${one.cookie["cookie"]}; theme=dark` };
    assert.equal((await ask(port, "/api/jobs", { headers: added })).status, 200);
  });
});

test("whoever changes something says that it is JSON, or is refused with 415", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const { code } = await invite(daemon, { kind: "link" });
    for (const { method, path } of Object.values(routes).filter(({ method }) => method !== "GET")) {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        undefined,
      ]) {
        const given = { ...headers, ...(type !== undefined && { "content-type": type }) };
        const answer = await ask(port, path.replaceAll(/:\w+/g, "x"), { method, headers: given, body: "{}" });
        assert.equal(answer.status, 415, `${method} ${path} ${type}`);
        assert.equal(answer.problem.code, "AITHER_E_NOT_JSON");
      }
    }
    // The code was not spent by a form, and a wrapper's charset is no other type.
    assert.equal((await exchange(port, { code }, { "content-type": "application/json; charset=utf-8" })).status, 201);
    assert.equal((await daemon.ask("GET", "/api/health")).status, 200);
  });
});

test("the pages hold nothing, carry the policy, and may be come to from elsewhere; answers carry theirs", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const fromElsewhere = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    const nonces = new Set<string>();
    for (const path of ["/", "/open"]) {
      for (const how of [{}, fromElsewhere]) {
        const page = await ask(port, path, { headers: how });
        assert.equal(page.status, 200, page.text);
        const policy = String(page.headers["content-security-policy"]);
        const [, nonce = ""] = /'nonce-([A-Za-z0-9+/=]{24})'/.exec(policy) ?? [];
        nonces.add(nonce);
        assert.equal(
          policy,
          `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
        );
        assert.match(page.text, new RegExp(`<meta name="csp-nonce" content="${nonce.replaceAll("+", "\\+")}"`));
        assert.doesNotMatch(page.text, new RegExp(daemon.workspace.root));
      }
    }
    assert.equal(nonces.size, 4, "each answer has its own");
    const framed = await ask(port, "/", { headers: { ...fromElsewhere, "sec-fetch-dest": "iframe" } });
    assert.equal(framed.status, 403);
    for (const answer of [
      await ask(port, "/api/jobs", { headers }),
      await ask(port, "/api/jobs"),
      await ask(port, "/"),
    ]) {
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      assert.equal(answer.headers["referrer-policy"], "no-referrer");
      assert.equal(answer.headers["cross-origin-opener-policy"], "same-origin");
      assert.equal(answer.headers["cross-origin-resource-policy"], "same-origin");
      assert.equal(answer.headers["permissions-policy"], "");
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    }
    const answer = await ask(port, "/api/jobs", { headers });
    assert.equal(answer.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'; sandbox");
  });
});
