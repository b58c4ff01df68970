import type { Playbook, PlaybookAction, PlaybookInput, PlaybookProfile, PlaybookStage } from "@aither/protocol";

type Word =
  | keyof Playbook
  | keyof Playbook["orchestration"]
  | keyof PlaybookStage
  | keyof PlaybookAction
  | keyof PlaybookProfile
  | keyof PlaybookInput;

/** All of them: the compiler misses one that is forgotten. */
const words: Readonly<Record<Word, true>> = {
  $schema: true,
  apiVersion: true,
  metadata: true,
  requirements: true,
  inputs: true,
  secrets: true,
  orchestration: true,
  order: true,
  undefinedVariables: true,
  defaults: true,
  env: true,
  variables: true,
  profiles: true,
  maxConcurrency: true,
  concurrency: true,
  outputs: true,
  failFast: true,
  timeout: true,
  artifacts: true,
  hooks: true,
  postActions: true,
  notifications: true,
  summary: true,
  reports: true,
  preConditions: true,
  postConditions: true,
  successCriteria: true,
  undoOnFailure: true,
  jobs: true,
  name: true,
  description: true,
  needs: true,
  after: true,
  if: true,
  matrix: true,
  maxParallel: true,
  parallel: true,
  workingDirectory: true,
  shell: true,
  noOutputTimeout: true,
  retries: true,
  backoff: true,
  successExitCodes: true,
  retryExitCodes: true,
  logLimit: true,
  continueOnError: true,
  uses: true,
  with: true,
  steps: true,
  id: true,
  run: true,
  script: true,
  file: true,
  idempotent: true,
  onInterrupted: true,
  separateStderr: true,
  stdin: true,
  pty: true,
  cache: true,
  undo: true,
  when: true,
  overrides: true,
  stages: true,
  excludeStages: true,
  type: true,
  default: true,
  required: true,
  enum: true,
  example: true,
  secret: true,
};

/** What v3 also calls them. */
const otherNames = [
  "condition",
  "strategy",
  "fail-fast",
  "max-parallel",
  "working-directory",
  "continue-on-error",
  "timeoutSeconds",
  "timeoutMinutes",
  "timeout-minutes",
  "timeoutInMinutes",
  "noOutputTimeoutSeconds",
  "retryCount",
  "retryDelay",
  "retryDelaySeconds",
  "delaySeconds",
  "allowedExitCodes",
  "expectedExitCodes",
  "retryOnExitCodes",
  "retryOnExitCode",
  "environment",
  "defaultVariables",
  "includeStages",
  "sequence",
  "sequences",
  "scripts",
  "playbook",
  "parameters",
];

const names: ReadonlySet<string> = new Set([...Object.keys(words), ...otherNames].map((name) => name.toLowerCase()));

/** Whether v3 knows the word: one that its reader passed over must not come to mean something by being kept. */
export function isModelKey(key: string): boolean {
  return names.has(key.toLowerCase());
}
