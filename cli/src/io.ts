import { theme, wantsColor, type Theme } from "./display/theme.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Data and talk: stdout is what a program may read, stderr is for people. */
export interface Io {
  /** For what goes to stdout. */
  readonly theme: Theme;
  /** For what goes to stderr. */
  readonly talkTheme: Theme;
  /** Columns of stdout's terminal; infinite where there is none. */
  readonly columns: number;
  /** A person can be asked: stdin and stderr are terminals, and this is no CI. */
  readonly interactive: boolean;
  /** Aborted when nobody reads stdout any more (`| head`). */
  readonly unread: AbortSignal;
  /** Resolves when the system has taken it all: a slow reader slows us, and nothing is lost at the end. */
  write(data: string | Uint8Array): Promise<void>;
  /** Lines on stdout. */
  lines(lines: readonly string[]): Promise<void>;
  /** One line on stderr. */
  say(line: string): void;
}

export function openIo(env: Env, options: { readonly color?: string | undefined } = {}): Io {
  const { stdout } = process;
  const talk = talker();
  const unread = new AbortController();
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    const left = error.code === "EPIPE" || error.code === "ECONNRESET" || error.code === "EOF";
    if (!left) talk.say(`aither: stdout: ${error.message}`);
    unread.abort();
  });
  const ascii = Boolean(env["AITHER_ASCII"]);
  const painted = (isTerminal: boolean): Theme =>
    theme({ color: wantsColor(env, { isTerminal, flag: options.color }), ascii });
  const write = (data: string | Uint8Array): Promise<void> =>
    unread.signal.aborted ? Promise.resolve() : new Promise((resolve) => stdout.write(data, () => resolve()));
  return {
    theme: painted(stdout.isTTY),
    get talkTheme() {
      return painted(process.stderr.isTTY);
    },
    columns: stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    get interactive() {
      return Boolean(process.stdin.isTTY && process.stderr.isTTY) && !env["CI"] && env["TERM"] !== "dumb";
    },
    unread: unread.signal,
    write,
    lines: (lines) => (lines.length === 0 ? Promise.resolve() : write(`${lines.join("\n")}\n`)),
    say: talk.say,
  };
}

/** stderr is opened when there is something to say: most commands never say anything. */
function talker(): Pick<Io, "say"> {
  let state: "closed" | "open" | "deaf" = "closed";
  return {
    say(line) {
      if (state === "closed") {
        state = "open";
        process.stderr.on("error", () => {
          state = "deaf";
        });
      }
      if (state === "open") process.stderr.write(`${line}\n`);
    },
  };
}
