/** The daemon's own log: JSON lines on stderr, which its starter has made `daemon.log`. */
import { writeSync } from "node:fs";
import { pino, stdTimeFunctions, type Logger } from "pino";

/** Values of variables and environments are never logged; should somebody pass them by mistake, they are hidden. */
const redact = [
  "env",
  "*.env",
  "secrets",
  "*.secrets",
  "variables",
  "*.variables",
  "headers.authorization",
  "*.headers.authorization",
];

/**
 * Written at once: the last lines before a crash are the ones that matter. On a full disk a line is lost, in part
 * perhaps; whoever says that the disk failed must not fail because of it.
 */
const stderr = {
  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      for (let done = 0; done < bytes.length;) done += writeSync(2, bytes, done);
    } catch {
      // There is nowhere to say it.
    }
  },
};

export function createLog(level: string): Logger {
  const options = { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, redact };
  return pino(options, stderr);
}
