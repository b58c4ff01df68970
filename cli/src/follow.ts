/** Follows a job in the foreground: stage lines on stderr, the scripts' output on stdout. */
import type { JobHandle } from "@aither/client/node";
import type { Event, JobDetail } from "@aither/protocol";
import { Printer } from "./commands/jobs/logs.ts";
import { exitCodeOf } from "./code-from.ts";
import type { Context } from "./context.ts";
import { document } from "./display/json.ts";
import { Story } from "./display/progress.ts";
import { usage, type Input } from "./input.ts";
import { settingHere } from "./settings.ts";
import { steering } from "./steering.ts";
import { undoneBy } from "./undone.ts";

/** `plain`: lines; `json`: events as NDJSON on stdout; `document`: the job at its end; `quiet`: only what failed. */
export type FollowMode = "plain" | "json" | "document" | "quiet";

export type FollowOptions = {
  readonly mode: FollowMode;
  readonly codeFrom?: string | undefined;
  /** We started it: Ctrl-C cancels it. Otherwise it only ends the following. */
  readonly owner?: boolean;
};

/** `--progress`, else the setting; `--json` and `--quiet` say it, too. */
export async function followMode(context: Context, input: Input): Promise<FollowMode> {
  const flag = input.text("progress");
  if (flag === undefined && context.json) return "document";
  if (flag === undefined && context.quiet) return "quiet";
  const wish = flag ?? (await settingHere(context, "progress")).value;
  if (wish === "auto" || wish === "plain") return "plain";
  if (wish === "json" || wish === "quiet") return wish;
  throw usage(`--progress ${JSON.stringify(wish)} is none of those there are`, "auto, plain, json or quiet");
}

const SUMMARY_PATIENCE_MS = 10_000;
const SUMMARY_LOOK_MS = 50;

/** Gives the job's exit code, or 130 when the following was ended before the job. */
export async function follow(context: Context, job: JobHandle, options: FollowOptions): Promise<number> {
  const { mode } = options;
  using steer = steering(context, job, options.owner ?? false);
  await job.named({ signal: steer.signal });
  const view = new View(context, job, mode, steer.signal);
  if (mode === "plain")
    context.io.say(context.io.talkTheme.dim(`Started #${job.number} · aither logs ${job.number} -f`));
  // Only where somebody can press it.
  if (mode === "plain" && options.owner === true && context.io.interactive)
    context.io.say(
      context.io.talkTheme.dim("Ctrl-C cancels it; to leave it running, close the terminal, or start with -d"),
    );
  for await (const event of job.events({ follow: true, signal: steer.signal })) await view.show(event);
  if (steer.code !== null) return steer.code;
  const ended = await withSummary(job, steer.signal);
  if (mode === "document") await context.io.write(document({ ...ended, ...warningsOf(job) }));
  else if (mode !== "json") {
    for (const line of view.story.summary(ended)) context.io.say(line);
    const undo = view.story.undoesItself ? await undoneBy(context, job, ended) : null;
    if (undo !== null) context.io.say(`  undone by job #${undo}: aither logs ${undo} -f`);
    if (typeof ended.summaryFile === "string") context.io.say(`  summary: ${ended.summaryFile}`);
  }
  return exitCodeOf(ended, options.codeFrom);
}

function warningsOf({ warnings }: JobHandle): object {
  return warnings.length > 0 ? { warnings } : {};
}

/** The job, with its summary if it has one: that is written right behind its end. */
async function withSummary(job: JobHandle, signal: AbortSignal): Promise<JobDetail> {
  const until = Date.now() + SUMMARY_PATIENCE_MS;
  for (;;) {
    const ended = await job.status();
    if (ended.summaryFile !== null || signal.aborted || Date.now() > until) return ended;
    await new Promise((resolve) => setTimeout(resolve, SUMMARY_LOOK_MS));
  }
}

/** What one event means for the screen. Output of an attempt is always shown before its end is told. */
class View {
  readonly story: Story;
  readonly #context: Context;
  readonly #job: JobHandle;
  readonly #mode: FollowMode;
  readonly #signal: AbortSignal;
  readonly #printer: Printer;
  readonly #outputs = new Map<string, { over: boolean; readonly read: Promise<void> }>();

  constructor(context: Context, job: JobHandle, mode: FollowMode, signal: AbortSignal) {
    this.story = new Story(context.io.talkTheme);
    this.#context = context;
    this.#job = job;
    this.#mode = mode;
    this.#signal = signal;
    this.#printer = new Printer(context, (script) => this.story.label(script));
  }

  async show(event: Event): Promise<void> {
    if (this.#mode === "json") return this.#context.io.write(`${JSON.stringify(event)}\n`);
    const lines = this.story.tell(event);
    if (this.#mode !== "plain") return;
    if (event.type === "ScriptStarted" || event.type === "ScriptAdopted") this.#read(event.script, event.attempt);
    if ("script" in event && "attempt" in event && endsAttempt(event) && event.attempt !== undefined) {
      await this.#readToEnd(event.script, event.attempt);
    }
    for (const line of lines) this.#context.io.say(line);
  }

  #read(script: string, attempt: number): void {
    const name = `${script}#${attempt}`;
    if (this.#outputs.has(name)) return;
    const output = { over: false, read: Promise.resolve() };
    const options = { script, attempt, follow: true, signal: this.#signal, isOver: () => output.over };
    output.read = (async () => {
      for await (const line of this.#job.logs(options)) await this.#printer.print(line);
      await this.#printer.end(script, attempt);
    })();
    // Waited for when the attempt ends; until then a failure must not end the process.
    output.read.catch(() => undefined);
    this.#outputs.set(name, output);
  }

  async #readToEnd(script: string, attempt: number): Promise<void> {
    this.#read(script, attempt);
    const output = this.#outputs.get(`${script}#${attempt}`);
    if (!output) return;
    output.over = true;
    await output.read;
  }
}

function endsAttempt({ type }: Event): boolean {
  return (
    type === "ScriptCompleted" ||
    type === "ScriptFailed" ||
    type === "ScriptRetried" ||
    type === "ScriptCancelled" ||
    type === "ScriptInterrupted"
  );
}
