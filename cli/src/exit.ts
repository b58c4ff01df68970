/** The promised exit codes. */
export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  refused: 5,
  bug: 70,
  timeout: 124,
  stopped: 130,
} as const;
