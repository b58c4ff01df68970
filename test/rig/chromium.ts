/** A real headless Chromium, driven over its debugging socket: what a page can do is the browser's to say. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "undici";
import { waitFor } from "./wait.ts";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** Null where there is none. */
export function findChromium(): string | null {
  return names.find((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0) ?? null;
}

type Message = {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
};

export class Chromium implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    });
  }

  /** `argv` goes to the browser as it is. */
  static async start(program: string, argv: readonly string[] = []): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), "ab-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const own = ["--remote-debugging-port=0", `--user-data-dir=${folder}`, "--disable-background-networking"];
    const child = spawn(program, [...flags, ...own, ...argv, "about:blank"], { stdio: "ignore" });
    const [port, path] = await waitFor(
      "the browser",
      async () => {
        const text = await readFile(join(folder, "DevToolsActivePort"), "utf8").catch(() => "");
        return text.includes("\n") ? text.split("\n") : null;
      },
      60_000,
    );
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", ({ error }) => reject(error), { once: true });
    });
    return new Chromium(child, folder, socket);
  }

  /** A tab that has come to `url`. What breaks the page's own policy is kept in `window.violations`. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    await page.send("Page.enable");
    await page.send("Page.addScriptToEvaluateOnNewDocument", { source: LISTENS });
    await page.go(url);
    return page;
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    const { result, error } = await answered;
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    await Promise.race([this.send("Browser.close").catch(() => undefined), gone]);
    await gone;
    this.#socket.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const LISTENS = `window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));`;

export class Page {
  readonly #browser: Chromium;
  readonly #sessionId: string;

  constructor(browser: Chromium, sessionId: string) {
    this.#browser = browser;
    this.#sessionId = sessionId;
  }

  async send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#browser.send(method, params, this.#sessionId);
  }

  async go(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
    await waitFor(`the page ${url}`, async () => (await this.run<string>("document.readyState")) === "complete");
  }

  /** The value of an expression of the page's own JavaScript, awaited. */
  async run<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  async says(words: RegExp): Promise<string> {
    return waitFor(
      `${words} on the page`,
      async () => {
        const text = await this.run<string>("document.body?.innerText ?? ''").catch(() => "");
        return words.test(text) ? text : null;
      },
      20_000,
    );
  }
}
