import type { Json, NotEnforced, Playbook, PlaybookStage, PlaybookStep } from "@aither/protocol";

/** What a stage means for each of its steps; where it calls a playbook, for each step of that. */
const forEachStep = [
  "noOutputTimeout",
  "retries",
  "backoff",
  "successExitCodes",
  "retryExitCodes",
  "logLimit",
] as const satisfies readonly (keyof PlaybookStage & keyof PlaybookStep)[];

type Defaults = NonNullable<Playbook["orchestration"]["defaults"]>;
export type Inherited = Pick<Defaults, (typeof forEachStep)[number]>;

type Part = PlaybookStage | PlaybookStep;

/** What a calling stage hands on as defaults: those of the parts that call, the nearest first. */
export function inheritedFrom(parts: readonly Part[], resolve: (value: Json, key: string) => Json): Inherited {
  const inherited: Record<string, unknown> = {};
  for (const key of forEachStep) {
    const value = parts.map((part) => part[key]).find((said) => said !== undefined);
    if (value !== undefined) inherited[key] = typeof value === "string" ? resolve(value, key) : value;
  }
  return inherited as Inherited;
}

const stageKeys = ["parallel", "maxConcurrency", "workingDirectory", "shell", "artifacts", "hooks"] as const;
const stepKeys = [
  "workingDirectory",
  "shell",
  "idempotent",
  "onInterrupted",
  "separateStderr",
  "stdin",
  "pty",
  "outputs",
  "cache",
  "artifacts",
  "undo",
] as const;

/** What a stage says of steps of its own, which one that calls has not. */
export function notHeldBy(id: string, { stage, step }: { stage: PlaybookStage; step: PlaybookStep | null }) {
  const list = (part: Part, keys: readonly string[], where: string): NotEnforced[] =>
    keys
      .filter((key) => (part as Readonly<Record<string, unknown>>)[key] !== undefined)
      .map((key) => ({
        what: key,
        where: `${where}: ${key}`,
        reason: "the steps of a called playbook run as that one says",
      }));
  return [
    ...list(stage, stageKeys, `stage ${id}`),
    ...(step === null ? [] : list(step, stepKeys, `stage ${id}, the step that calls`)),
  ];
}
