/** What every tortured script does: a line in the ledger, output that is known beforehand, a code made of its id. */
export type ScriptSpec = {
  /** Unique in a run. */
  readonly id: number;
  readonly lines: number;
  readonly sleepMs: number;
  /** It may be run again after an interruption. */
  readonly idempotent: boolean;
};

/** Mostly 0, so that there is something to go on with; never in the range into which shells fold signals. */
export function codeOf(id: number): number {
  return id % 4 === 0 ? 1 + ((id * 7) % 120) : 0;
}

/** Byte for byte what its log holds when it ran to its end. */
export function outputOf({ id, lines }: ScriptSpec): string {
  const line = (at: number): string => `${id} line ${at} äöü\n`;
  return Array.from({ length: lines }, (_, at) => line(at)).join("");
}

/**
 * The text for `sh`. The ledger is outside of all state; one `echo` is one write, so its lines never mix. Its start is
 * noted before anything else and its end after everything else.
 */
export function textOf(spec: ScriptSpec): string {
  const half = spec.lines >> 1;
  const print = (from: number, to: number): string =>
    `i=${from}; while [ $i -lt ${to} ]; do echo "${spec.id} line $i äöü"; i=$((i+1)); done`;
  return [
    `echo "start ${spec.id} $AITHER_ATTEMPT $$" >> "$LEDGER"`,
    print(0, half),
    `sleep ${(spec.sleepMs / 1_000).toFixed(3)}`,
    print(half, spec.lines),
    `echo "end ${spec.id} $AITHER_ATTEMPT $$" >> "$LEDGER"`,
    `exit ${codeOf(spec.id)}`,
  ].join("\n");
}

export type LedgerLine = {
  readonly what: "start" | "end";
  readonly id: number;
  /** `jobId/stem`: which attempt wrote it. */
  readonly marker: string;
  readonly pid: number;
};

/** In the order in which the kernel took them. A line that is none of ours is an error of the harness. */
export function parseLedger(text: string): LedgerLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [what, id, marker = "", pid] = line.split(" ");
      if ((what !== "start" && what !== "end") || marker === "") throw new Error(`not a line of a ledger: ${line}`);
      return { what, id: Number(id), marker, pid: Number(pid) };
    });
}
