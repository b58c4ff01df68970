import { fail } from "@aither/client/node";
import { bytesOfSize } from "@aither/protocol";

export type Value = string | boolean | readonly (string | boolean)[] | undefined;

/** What was typed behind the command's name. The readers refuse with USAGE what does not fit. */
export class Input {
  readonly command: string;
  readonly args: readonly string[];
  readonly #values: Readonly<Record<string, Value>>;

  constructor(command: string, args: readonly string[], values: Readonly<Record<string, Value>>) {
    this.command = command;
    this.args = args;
    this.#values = values;
  }

  on(flag: string): boolean {
    return this.#values[flag] === true;
  }

  /** Whether it was given at all. */
  has(flag: string): boolean {
    return this.#values[flag] !== undefined;
  }

  text(flag: string): string | undefined {
    const value = this.#values[flag];
    return typeof value === "string" ? value : undefined;
  }

  list(flag: string): readonly string[] {
    const value = this.#values[flag];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A whole number ≥ 0. */
  count(flag: string): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw usage(`--${flag} wants a whole number, not ${JSON.stringify(text)}`);
    return Number(text);
  }

  /** A length of time: `90` (seconds), `1.5s`, `200ms`, `10m`, `2h`, `30d`. */
  timeMs(flag: string): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
    if (number === undefined) throw usage(`--${flag} wants a time as 90, 10m, 2h or 30d, not ${JSON.stringify(text)}`);
    const ms = Number(number) * (units[unit] ?? 1_000);
    if (ms > TIME_MS_MAX) throw usage(`--${flag} may be ten thousand days at most, not ${text.slice(0, 40)}`);
    return ms;
  }

  /** A size: `500MB`, `1.5GiB`, `4096`. */
  bytes(flag: string): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const bytes = bytesOfSize(text);
    if (bytes === null) throw usage(`--${flag} wants a size as 500MB or 2GiB, not ${JSON.stringify(text)}`);
    return bytes;
  }

  /** `--flag k=v …` */
  pairs(flag: string): [key: string, value: string][] {
    return this.list(flag).map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1)
        throw usage(`--${flag} ${text} has no value`, `write --${flag} ${text.replace(/^=.*/, "NAME")}=VALUE`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    });
  }
}

/** More is a slip, and beyond it a moment so far away has no date. */
export const TIME_MS_MAX = 10_000 * 86_400_000;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function usage(detail: string, hint?: string) {
  return fail("USAGE", detail, hint === undefined ? {} : { hint });
}
