/** A script's output, made fit for a screen that others write to as well. */

/** Every escape sequence (also in its short form, of one character) and control character that would move the cursor, clear, or set a title; colours are apart. */
const sequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** One line without its line feed: what is left of it after its carriage returns, with colours only when wanted. */
export function plain(line: string, options: { readonly color: boolean }): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const shown = text.slice(text.lastIndexOf("\r") + 1).replace(sequences, (found) => {
    return options.color && /^\u001b\[[0-9;:]*m$/.test(found) ? found : "";
  });
  return options.color && shown.includes("\u001b[") ? `${shown}\u001b[0m` : shown;
}

/** Puts pieces of many scripts together to whole lines; a line without an end waits for it. */
export class Lines {
  readonly #rest = new Map<string, string>();

  push(from: string, text: string): string[] {
    const lines = ((this.#rest.get(from) ?? "") + text).split("\n");
    this.#rest.set(from, lines.pop() ?? "");
    return lines;
  }

  /** What never got its line feed. */
  end(from: string): string[] {
    const rest = this.#rest.get(from) ?? "";
    this.#rest.delete(from);
    return rest === "" ? [] : [rest];
  }

  /** Everybody's rest. */
  endAll(): [from: string, line: string][] {
    return [...this.#rest.keys()].flatMap((from) => this.end(from).map((line): [string, string] => [from, line]));
  }
}
