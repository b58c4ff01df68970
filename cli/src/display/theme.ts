/** How things look. Every function gives its text back unchanged when colour is off. */
export type Paint = (text: string) => string;

export type Theme = {
  readonly color: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly busy: Paint;
  /** One sign for a status, coloured: ✓ ✗ ⟳ ◯ … */
  readonly sign: (status: string) => string;
  /** The status as a word, coloured. */
  readonly status: (status: string) => string;
  /** Between a script's name and its output. */
  readonly bar: string;
};

const signs: Readonly<Record<string, readonly [sign: string, ascii: string]>> = {
  Completed: ["✓", "+"],
  Failed: ["✗", "x"],
  Running: ["⟳", ">"],
  Cancelling: ["⟳", ">"],
  Paused: ["‖", "="],
  Skipped: ["–", "-"],
  Cancelled: ["⊘", "/"],
  Queued: ["◯", "."],
  Pending: ["◯", "."],
};

export function theme(options: { readonly color: boolean; readonly ascii?: boolean }): Theme {
  const { color, ascii = false } = options;
  const paint =
    (code: number, end: number): Paint =>
    (text) =>
      color ? `\u001b[${code}m${text}\u001b[${end}m` : text;
  const [bold, dim] = [paint(1, 22), paint(2, 22)];
  const [bad, good, warn, busy] = [paint(31, 39), paint(32, 39), paint(33, 39), paint(36, 39)];
  const hue = (status: string): Paint => {
    if (status === "Completed") return good;
    if (status === "Failed") return bad;
    if (status === "Running") return busy;
    if (status === "Cancelled" || status === "Cancelling" || status === "Paused") return warn;
    return dim;
  };
  return {
    color,
    bold,
    dim,
    good,
    bad,
    warn,
    busy,
    sign: (status) => hue(status)((signs[status] ?? ["?", "?"])[ascii ? 1 : 0]),
    status: (status) => hue(status)(status),
    bar: ascii ? "|" : "│",
  };
}

/** `--color` > FORCE_COLOR > NO_COLOR (non-empty) > a terminal that is not dumb. */
export function wantsColor(
  env: Readonly<Record<string, string | undefined>>,
  stream: { readonly isTerminal: boolean; readonly flag?: string | undefined },
): boolean {
  if (stream.flag === "always") return true;
  if (stream.flag === "never") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (env["NO_COLOR"]) return false;
  return stream.isTerminal && env["TERM"] !== "dumb";
}
