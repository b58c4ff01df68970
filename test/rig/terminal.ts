/** A real terminal: tmux, with a server of its own that can be killed like a window that is closed. */
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "./wait.ts";
import type { Workspace } from "./workspace.ts";

const run = promisify(execFile);

export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

export type TerminalOptions = {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
};

export class Terminal implements AsyncDisposable {
  readonly #socket: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(workspace: Workspace, env: Readonly<Record<string, string>>) {
    this.#socket = join(workspace.root, `tmux-${process.hrtime.bigint()}`);
    this.#env = { ...workspace.env, TERM: "xterm-256color", ...env };
  }

  /** A shell that stands in the workspace's project, with a prompt of `$ ` and nothing of the user's own settings. */
  static async open(workspace: Workspace, options: TerminalOptions = {}): Promise<Terminal> {
    const terminal = new Terminal(workspace, options.env ?? {});
    const { columns = 100, rows = 40 } = options;
    const size = ["-x", String(columns), "-y", String(rows)];
    const shell = "env PS1='$ ' bash --norc --noprofile";
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", ...size, "-c", workspace.folder, shell);
    await terminal.shows(/^\$ $/m);
    return terminal;
  }

  /** Types a line and presses Enter. */
  async enter(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.#tmux("send-keys", "Enter");
  }

  /** Presses a key by tmux's name for it: `C-c`, `Escape`, `Down`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** What is on the screen; with `colors` its escape codes, too. */
  async screen(options: { readonly colors?: boolean } = {}): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...(options.colors ? ["-e"] : []));
  }

  /** Waits until the screen shows it, and returns the screen. */
  async shows(words: RegExp): Promise<string> {
    let seen = "";
    try {
      return await waitFor(`${words} on the screen`, async () => {
        seen = await this.screen();
        // tmux cuts the blanks at a line's end.
        return words.test(seen) || words.test(seen.replaceAll(/^\$$/gm, "$ ")) ? seen : null;
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${seen}`, { cause: error });
    }
  }

  /** The window is gone, and with it every process that did not leave it: as when somebody closes it. */
  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => undefined);
  }

  /** Any command of tmux's own, such as `kill-window`. The last window takes the server with it. */
  async command(...argv: string[]): Promise<void> {
    await this.#tmux(...argv);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #tmux(...argv: string[]): Promise<string> {
    const { stdout } = await run("tmux", ["-S", this.#socket, ...argv], { env: this.#env });
    return stdout;
  }
}
