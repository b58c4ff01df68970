/** Children that do not want to end: each says on standard output who it is, then lives for ten minutes. */
import { existsSync } from "node:fs";

export type Hostile = readonly [name: string, text: string];

/** Found by session, marker or output, wherever there are processes. */
const markedChildren: readonly Hostile[] = [
  ["deaf to TERM", `sh -c 'trap "" TERM HUP INT; echo $$; while :; do sleep 1; done' &`],
  ["in a session of its own", `setsid sh -c 'echo $$; sleep 600' &`],
  ["forked twice", `( setsid sh -c 'echo $$; sleep 600' & ) &`],
  ["a daemon deaf to TERM", `( setsid sh -c 'trap "" TERM; echo $$; exec sleep 600 >/dev/null 2>&1' & )`],
  ["holding the output, without environment", `setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 600' &`],
  ["under nohup", `nohup sh -c 'echo $$; sleep 600' 2>&1 &`],
  ["rising again", `( setsid sh -c 'echo $$; while :; do ( trap "" TERM; sleep 0.3 ); done' & )`],
];

export const hasPerl = ["/usr/bin/perl", "/bin/perl"].some((path) => existsSync(path));

/** Perl, because only there a shell's child can write over its environment; the token stays in its command line. */
const perl = (text: string): string =>
  `setsid env -i perl -e '$| = 1; print "$$\\n"; close STDOUT; close STDERR; ${text}' "$TOKEN" &`;

/** Known to nobody but their control group. */
export const unmarkedChildren: readonly Hostile[] = [
  ["without environment and output", perl("sleep 600")],
  [
    "that wrote over its environment",
    `setsid perl -e '$| = 1; print "$$\\n"; close STDOUT; close STDERR; $0 = $ARGV[0] . "x" x 5000; sleep 600' "$TOKEN" &`,
  ],
  ["another process every 2 ms", perl("for (;;) { exit if fork; select undef, undef, undef, 0.002 }")],
  [
    "sixty-four, deaf, each forking on",
    perl('$SIG{TERM} = "IGNORE"; fork for 1 .. 6; for (;;) { fork or exit; wait; select undef, undef, undef, 0.2 }'),
  ],
];

/** `unmarked`: also those that only a control group can hold; without Perl there are none of these. */
export function hostileChildren({ unmarked }: { readonly unmarked: boolean }): readonly Hostile[] {
  return unmarked && hasPerl ? [...markedChildren, ...unmarkedChildren] : markedChildren;
}

/** Starts all of them, and is deaf itself. Their command lines hold `$TOKEN`. */
export function hostileScript(children: readonly Hostile[]): string {
  return [
    `echo "start $ID $AITHER_ATTEMPT $$" >> "$LEDGER"`,
    `trap '' TERM`,
    ...children.map(([, text]) => text),
    "while :; do sleep 1; done",
  ].join("\n");
}

/** The pids that the children printed. */
export function pidsIn(log: string): number[] {
  return log
    .split("\n")
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}
