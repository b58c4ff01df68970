/** Jobs of a random shape, and how they are asked for. */
import type { Prng } from "../../simulation/prng.ts";
import { textOf, type ScriptSpec } from "./script.ts";

export type JobSpec = {
  /** Sent as its Idempotency-Key. */
  readonly key: string;
  /** Stages run one after another. */
  readonly stages: readonly { readonly parallel: boolean; readonly scripts: readonly ScriptSpec[] }[];
  /** How often the same request is sent. */
  readonly copies: number;
  /** Cancelled so long after it was accepted. */
  readonly cancelAfterMs: number | null;
};

export type Shape = {
  readonly jobs: number;
  readonly stages: number;
  /** 1 … so many scripts a stage. */
  readonly scriptsMax: number;
  readonly sleepMsMax: number;
  readonly cancelled: number;
  readonly idempotent: number;
};

export function workload(prng: Prng, shape: Shape): JobSpec[] {
  let id = 0;
  const script = (): ScriptSpec => ({
    id: ++id,
    lines: prng.int(0, 30),
    sleepMs: prng.chance(0.5) ? prng.int(1, 30) : prng.int(1, shape.sleepMsMax),
    idempotent: prng.chance(shape.idempotent),
  });
  return Array.from({ length: shape.jobs }, (_, at) => ({
    key: `torture-${at + 1}`,
    stages: Array.from({ length: shape.stages }, () => ({
      parallel: prng.chance(0.6),
      scripts: Array.from({ length: prng.int(1, shape.scriptsMax) }, script),
    })),
    copies: prng.chance(0.3) ? prng.int(2, 3) : 1,
    cancelAfterMs: prng.chance(shape.cancelled) ? prng.int(0, 600) : null,
  }));
}

export function scriptsOf(job: JobSpec): ScriptSpec[] {
  return job.stages.flatMap(({ scripts }) => scripts);
}

/** A failure of one script stops nothing, so every script is to run exactly once. */
export function playbookOf(job: JobSpec, text: (spec: ScriptSpec) => string = textOf): unknown {
  const stages = job.stages.map(({ parallel, scripts }, at) => {
    const needs = at === 0 ? [] : [`s${at}`];
    const steps = scripts.map((spec) => ({
      id: `x${spec.id}`,
      name: `x${spec.id}`,
      shell: "sh",
      script: text(spec),
      continueOnError: true,
      ...(spec.idempotent && { idempotent: true, onInterrupted: "resume" }),
    }));
    return [`s${at + 1}`, { needs, parallel, steps }] as const;
  });
  return { metadata: { name: job.key, version: "1.0.0" }, orchestration: { jobs: Object.fromEntries(stages) } };
}
