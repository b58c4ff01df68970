/** What people do to a running script besides stopping it, and what they are told of its processes. */
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded, scriptsOf, theScript, type JobState, type ScriptRecord } from "@aither/core";
import type { AttemptRef, Handle } from "@aither/protocol";
import { endInput, findScripts, sendInput, type FoundProcess, type IdentityOptions } from "@aither/supervise";
import type { Control, InputSent } from "../host.ts";
import type { JobFolders } from "../store/job-folders.ts";
import { attemptMarker, filesOf } from "../store/layout.ts";
import type { Cgroups } from "./cgroups.ts";

/** Stopping a tree takes a few looks at all processes; more than this means that something will not stand still. */
const STILL_PATIENCE_MS = 5_000;
/** A script that is about to start is waited for, so that a `send` right after a start finds it. */
const INPUT_PATIENCE_MS = 10_000;
const LOOK_MS = 25;
/** Shown to people: a look at the processes of so many scripts at once is enough. */
const SHOWN_MAX = 32;

export type ControlOptions = {
  readonly folders: JobFolders;
  readonly identity: IdentityOptions;
  readonly job: (jobId: string) => JobState | undefined;
  readonly cgroups?: Cgroups;
};

export class LocalControl implements Control {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  async stoppingPids(state: JobState): Promise<ReadonlyMap<string, readonly number[]>> {
    const stopping = state.active
      .map((key) => theScript(state, key))
      .filter((record) => record.state.is === "terminating")
      .slice(0, SHOWN_MAX);
    const found = await Promise.all(
      stopping.map(async (record) => {
        const processes = await this.#processes(state.id, record);
        return [record.plan.key, processes.map(({ pid }) => pid)] as const;
      }),
    );
    return new Map(found);
  }

  async standing(jobId: string): Promise<boolean> {
    const until = performance.now() + STILL_PATIENCE_MS;
    for (;;) {
      const state = this.#options.job(jobId);
      if (state === undefined || hasEnded(state)) return true;
      const wanted = state.frozenAt !== null;
      const frozen = state.active
        .map((key) => theScript(state, key))
        .filter(({ state: script }) => script.is === "running" && script.mayBeFrozen);
      const trees = await Promise.all(frozen.map(async (record) => this.#processes(jobId, record)));
      if (trees.every((tree) => tree.every(({ stopped }) => stopped === wanted))) return true;
      if (performance.now() >= until) return false;
      await delay(LOOK_MS);
    }
  }

  async send(jobId: string, input: { script: string; text: string; eof: boolean }): Promise<InputSent> {
    const until = performance.now() + INPUT_PATIENCE_MS;
    for (;;) {
      const state = this.#options.job(jobId);
      if (state === undefined) return { is: "closed", why: "its job has ended" };
      const record = theScript(state, input.script);
      const script = record.state;
      if (script.is === "running" || script.is === "terminating") {
        const sent = await this.#write({ jobId, script: input.script, attempt: script.attempt }, input);
        if (sent !== null) return sent;
      } else if (script.is !== "pending" && script.is !== "scheduled" && script.is !== "waiting") {
        return { is: "closed", why: `it is ${script.is}` };
      }
      if (performance.now() >= until) return { is: "closed", why: whyClosed(record) };
      await delay(LOOK_MS);
    }
  }

  /** Null: its input is not open, which a moment after its start means not yet. */
  async #write(ref: AttemptRef, { text, eof }: { text: string; eof: boolean }): Promise<InputSent | null> {
    const folder = await this.#options.folders.find(ref.jobId);
    if (folder === undefined) return { is: "closed", why: "its files are gone" };
    const files = filesOf(folder, ref);
    const bytes = Buffer.from(text);
    const sent = await sendInput(files, bytes);
    if (sent.kind === "closed") return null;
    if (sent.kind === "full") return { is: "full", bytes: sent.bytesSent };
    if (eof && (await endInput(files)).kind === "closed") return { is: "closed", why: "its input has ended before" };
    return { is: "sent", attempt: ref.attempt, bytes: bytes.length };
  }

  async #processes(jobId: string, record: ScriptRecord): Promise<readonly FoundProcess[]> {
    const script = record.state;
    if (script.is !== "running" && script.is !== "terminating") return [];
    const ref = { jobId, script: record.plan.key, attempt: script.attempt };
    const folder = await this.#options.folders.find(jobId);
    if (folder === undefined) return [];
    const files = filesOf(folder, ref);
    const wrapper: Handle = script.handle;
    const cgroupDir = this.#options.cgroups?.of(ref);
    const target = { wrapper, marker: attemptMarker(ref), outputPaths: [files.log, files.err], cgroupDir };
    return findScripts(target, this.#options.identity);
  }
}

/** The scripts of a job that take input and have not ended. */
export function takers(state: JobState): readonly ScriptRecord[] {
  const open = new Set(["pending", "scheduled", "running", "terminating", "waiting"]);
  return [...scriptsOf(state)].filter(({ plan, state: script }) => plan.stdin === true && open.has(script.is));
}

function whyClosed(record: ScriptRecord): string {
  const { is } = record.state;
  return is === "running" || is === "terminating" ? "its input has ended" : `it has not started: it is ${is}`;
}
