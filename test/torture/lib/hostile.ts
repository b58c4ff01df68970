/** Children that do not want to end: each says on standard output who it is, then lives for ten minutes. */
export const hostileChildren: readonly (readonly [name: string, text: string])[] = [
  ["deaf to TERM", `sh -c 'trap "" TERM HUP INT; echo $$; while :; do sleep 1; done' &`],
  ["in a session of its own", `setsid sh -c 'echo $$; sleep 600' &`],
  ["forked twice", `( setsid sh -c 'echo $$; sleep 600' & ) &`],
  ["a daemon deaf to TERM", `( setsid sh -c 'trap "" TERM; echo $$; exec sleep 600 >/dev/null 2>&1' & )`],
  ["holding the output, without environment", `setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 600' &`],
  ["under nohup", `nohup sh -c 'echo $$; sleep 600' 2>&1 &`],
  ["rising again", `( setsid sh -c 'echo $$; while :; do ( trap "" TERM; sleep 0.3 ); done' & )`],
];

/** Starts all of them, and is deaf itself. */
export const hostileScript = [
  `echo "start $ID $AITHER_ATTEMPT $$" >> "$LEDGER"`,
  `trap '' TERM`,
  ...hostileChildren.map(([, text]) => text),
  "while :; do sleep 1; done",
].join("\n");

/** The pids that the children printed. */
export function pidsIn(log: string): number[] {
  return log
    .split("\n")
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}
