import type { LogsOptions } from "@aither/client/node";
import type { LogLine } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { labels } from "../../display/labels.ts";
import { Lines, plain } from "../../display/line.ts";
import { writtenAt } from "../../display/written-at.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";
import { leaving } from "../../leaving.ts";
import { target } from "./target.ts";

/** `aither jobs logs`: with `-f` it ends as the job ends. */
export async function logs(context: Context, input: Input): Promise<number> {
  const { io, json } = context;
  const timestamps = input.on("timestamps");
  if (timestamps && input.on("raw"))
    throw usage("--raw gives the bytes as they were written", "leave --timestamps away, or --raw");
  const handle = await target(context, input.args[0]);
  const follow = input.on("follow");
  const job = await handle.status();
  using leave = leaving(context, follow ? `aither logs ${job.number} -f` : null);
  const options: LogsOptions = {
    follow,
    script: input.text("script"),
    attempt: input.count("attempt"),
    tail: input.count("tail"),
    signal: leave.signal,
  };
  if (input.on("raw") && !json) for await (const chunk of handle.rawLogs(options)) await io.write(chunk);
  else if (json) for await (const line of handle.logs(options)) await io.write(`${JSON.stringify(line)}\n`);
  else {
    const names = labels(job);
    const alone = options.script !== undefined || names.size <= 1;
    const label = (script: string): string | null => (alone ? null : (names.get(script) ?? script));
    const printer = new Printer(context, label, { timestamps });
    for await (const line of handle.logs(options)) await printer.print(line);
    await printer.end();
  }
  if (leave.code !== null) return leave.code;
  if (!follow || options.script !== undefined) return exit.done;
  return (await handle.status()).exitCode ?? exit.done;
}

/** Where a line comes from: one stream of one attempt. */
type Source = Pick<LogLine, "script" | "attempt" | "stream" | "time">;

/** Whole lines, each behind the name of its script; separate stderr is marked as such. */
export class Printer {
  readonly #context: Context;
  readonly #label: (script: string) => string | null;
  readonly #timestamps: boolean;
  readonly #lines = new Lines();
  readonly #decoders = new Map<string, InstanceType<typeof TextDecoder>>();
  /** What each source said last. */
  readonly #last = new Map<string, Source>();

  constructor(
    context: Context,
    label: (script: string) => string | null,
    { timestamps = false }: { readonly timestamps?: boolean } = {},
  ) {
    this.#context = context;
    this.#label = label;
    this.#timestamps = timestamps;
  }

  async print(line: LogLine): Promise<void> {
    const from = `${line.script}#${line.attempt}${line.stream}`;
    this.#last.set(from, { script: line.script, attempt: line.attempt, stream: line.stream, time: line.time });
    const whole = this.#lines.push(from, this.#textOf(from, line));
    if (whole.length > 0) await this.#context.io.write(whole.map((text) => this.#line(line, text)).join(""));
  }

  /** Prints what never got its line feed: of one attempt, or of all. */
  async end(script?: string, attempt?: number): Promise<void> {
    const rest =
      script === undefined
        ? this.#lines.endAll()
        : ["out", "err"].flatMap((stream) => {
            const from = `${script}#${attempt}${stream}`;
            return this.#lines.end(from).map((text): [string, string] => [from, text]);
          });
    const text = rest
      .map(([from, line]) => {
        const source = this.#last.get(from);
        return source === undefined ? "" : this.#line(source, line);
      })
      .join("");
    if (text !== "") await this.#context.io.write(text);
  }

  #line({ script, stream, time }: Source, text: string): string {
    const { theme } = this.#context.io;
    const label = this.#label(script);
    const shown = plain(text, theme);
    const when = this.#timestamps ? writtenAt(time, theme) : "";
    const name = label === null ? "" : `${theme.dim(label)} `;
    if (stream === "err") return `${when}${name}${theme.bad(`err ${theme.bar}`)} ${shown}\n`;
    return label === null ? `${when}${shown}\n` : `${when}${theme.dim(`${label} ${theme.bar}`)} ${shown}\n`;
  }

  /** Bytes that are no text are shown as what they are not. */
  #textOf(from: string, { text, base64 }: LogLine): string {
    if (text !== undefined) return text;
    const decoder = this.#decoders.get(from) ?? new TextDecoder();
    this.#decoders.set(from, decoder);
    return decoder.decode(Buffer.from(base64 ?? "", "base64"), { stream: true });
  }
}
