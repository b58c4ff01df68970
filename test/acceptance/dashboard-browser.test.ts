import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Chromium, findChromium } from "../rig/chromium.ts";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";
import { pathToFileURL } from "node:url";

/** The loopback door in a real browser: its page works, and pages of elsewhere do not. */

const program = findChromium();
const none = program === null ? "skipped: there is no Chromium" : false;

type Link = { readonly url: string; readonly redirectFile: string };

/** Another server of this machine, as a hostile page has it. It notes the cookies that it is sent. */
async function stranger(): Promise<{ port: number; cookies: string[]; server: Server }> {
  const cookies: string[] = [];
  const server = createServer((request, response) => {
    cookies.push(request.headers.cookie ?? "");
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>stranger</title>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, cookies, server };
}

test(
  "a link opens the page through its file; the session works, survives a reload, follows, and ends",
  { skip: none },
  async () => {
    await using cli = await Cli.create();
    await using browser = await Chromium.start(program ?? "");
    const { url, redirectFile } = await cli.json<Link>("dashboard", "--role", "operator");
    const { origin } = new URL(url);
    const page = await browser.open(pathToFileURL(redirectFile).href);
    const text = await page.says(/You are in/);
    assert.match(text, /aitherd \d/);
    assert.match(text, /operator/);
    assert.equal(await page.run("location.href"), `${origin}/`, "the code is out of the address");
    assert.equal(await page.run("document.cookie"), "", "no script sees the cookie");
    assert.deepEqual(await page.run("window.violations"), []);
    await page.go(`${origin}/`);
    await page.says(/You are in/);
    const hello = await page.run<string>(`new Promise((resolve) => {
    const socket = new WebSocket("${origin.replace("http", "ws")}/api/events", ["aither.v1", "key." + localStorage.getItem("aither.key")]);
    socket.onmessage = ({ data }) => resolve(socket.protocol + " " + JSON.parse(data).type);
    socket.onclose = () => resolve("closed");
  })`);
    assert.equal(hello, "aither.v1 hello");
    await page.run('document.getElementById("leave").click()');
    await page.says(/This session has ended/);
    await page.go(`${origin}/`);
    await page.says(/aither dashboard opens one/);
    // The code was used: whoever finds it has nothing.
    await page.go(url);
    await page.says(/used already|lacks|not known/);
    assert.deepEqual(await page.run("window.violations"), []);
  },
);

test(
  "a page of another port is sent our cookie, and can do nothing with it; nor can a rebinding name",
  { skip: none },
  async () => {
    await using cli = await Cli.create();
    await using browser = await Chromium.start(program ?? "", ["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    const { port, cookies, server } = await stranger();
    try {
      const { url } = await cli.json<Link>("dashboard");
      const { origin, host } = new URL(url);
      const page = await browser.open(url);
      await page.says(/You are in/);
      // The cookie is for `/api` of every port of this name: that is why there is a key.
      const evil = await browser.open(`http://127.0.0.1:${port}/api/`);
      assert.ok(
        cookies.some((cookie) => cookie.includes(`aither_${new URL(origin).port}=`)),
        "the browser sends it",
      );
      const tried = await evil.run<string[]>(`Promise.all([
      fetch("${origin}/api/daemon/stop", { method: "POST", mode: "no-cors", credentials: "include", body: "{}" }).then((r) => r.type, () => "failed"),
      fetch("${origin}/api/daemon/stop", { method: "POST", credentials: "include", headers: { "content-type": "application/json" }, body: "{}" }).then((r) => String(r.status), () => "failed"),
      fetch("${origin}/api/jobs", { credentials: "include" }).then((r) => String(r.status), () => "failed"),
      new Promise((resolve) => {
        const socket = new WebSocket("ws://${host}/api/events");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("failed");
      }),
      new Promise((resolve) => {
        const frame = document.createElement("iframe");
        frame.onload = () => { try { resolve(frame.contentDocument === null ? "closed" : "read"); } catch { resolve("closed"); } };
        frame.src = "${origin}/";
        document.body.append(frame);
      }),
    ])`);
      // A page is not even told why: that is in the audit log.
      assert.deepEqual(tried, ["failed", "failed", "failed", "failed", "closed"]);
      const refusals = await waitFor("the refusals", () => {
        const lines = readFileSync(cli.workspace.places.auditLog, "utf8").trimEnd().split("\n");
        const found = lines.map((line) => JSON.parse(line)).filter(({ does }) => does === "refusal");
        const routes = found.map(({ route, status }) => `${route} ${status}`);
        return routes.filter((one) => one === "stopDaemon 403").length >= 1 && routes.includes("allEvents 403")
          ? routes
          : null;
      });
      assert.ok(
        refusals.every((one) => one.endsWith(" 403")),
        refusals.join(", "),
      );
      const rebound = await browser.open(`http://evil.example:${new URL(origin).port}/`);
      await rebound.says(/AITHER_E_FORBIDDEN/);
      // A link from elsewhere may lead to the shell, which asks for itself and is in.
      await evil.run(`location.assign("${origin}/")`);
      await evil.says(/You are in/);
      assert.ok((await cli.daemonPid()) > 0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
