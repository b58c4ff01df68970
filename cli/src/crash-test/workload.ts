/** What the crash test runs: scripts whose output, exit code and number of runs are known beforehand. */

export type Task = {
  readonly id: string;
  /** Lines it prints, one each `pauseS`. */
  readonly lines: number;
  readonly pauseS: string;
  readonly exitCode: number;
};

export const tasks: readonly Task[] = [
  { id: "steady", lines: 40, pauseS: "0.1", exitCode: 0 },
  { id: "quick", lines: 5, pauseS: "0.02", exitCode: 0 },
  { id: "seven", lines: 15, pauseS: "0.05", exitCode: 7 },
  { id: "burst", lines: 2_000, pauseS: "0", exitCode: 0 },
  { id: "brief", lines: 1, pauseS: "0", exitCode: 3 },
  { id: "last", lines: 10, pauseS: "0.05", exitCode: 0 },
];

/** The playbook's text: the steady one beside a row of the others, so that kills meet starts, ends and the time between. */
export function playbookText(): string {
  const step = ({ id }: Task): object => ({ id, name: id, shell: "sh", script: scriptText(id), continueOnError: true });
  const [steady, ...row] = tasks;
  return JSON.stringify({
    apiVersion: "aither/v1",
    metadata: { name: "crash-test", description: "scripts that a killed daemon must not lose" },
    orchestration: {
      jobs: { beside: { steps: steady === undefined ? [] : [step(steady)] }, row: { steps: row.map(step) } },
    },
  });
}

/** Each start and each end goes to the ledger, outside of the daemon's own folder, in one write each. */
function scriptText(id: string): string {
  const { lines, pauseS, exitCode } = tasks.find((task) => task.id === id) ?? { lines: 0, pauseS: "0", exitCode: 0 };
  return [
    `echo "start $AITHER_JOB_ID ${id} $$" >> "$CRASH_TEST_LEDGER"`,
    "n=0",
    `while [ $n -lt ${lines} ]; do n=$((n+1)); echo "${id} line $n"; ${pauseS === "0" ? ":" : `sleep ${pauseS}`}; done`,
    `echo "end $AITHER_JOB_ID ${id} $$" >> "$CRASH_TEST_LEDGER"`,
    `exit ${exitCode}`,
  ].join("\n");
}

export function expectedOutput({ id, lines }: Task): string {
  return Array.from({ length: lines }, (_, at) => `${id} line ${at + 1}\n`).join("");
}

export type LedgerLine = { readonly what: string; readonly jobId: string; readonly task: string; readonly pid: number };

export function readLedger(text: string): LedgerLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [what = "", jobId = "", task = "", pid = ""] = line.split(" ");
      return { what, jobId, task, pid: Number(pid) };
    });
}

/** Those that the ledger knows to have begun and not to have ended. */
export function running(ledger: readonly LedgerLine[]): number[] {
  const ended = new Set(ledger.filter(({ what }) => what === "end").map(({ pid }) => pid));
  return ledger.filter(({ what, pid }) => what === "start" && !ended.has(pid)).map(({ pid }) => pid);
}
