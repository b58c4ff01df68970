/** The daemon's own log: JSON lines on stderr, which its starter has made `daemon.log`. */
import { destination, pino, stdTimeFunctions, type Logger } from "pino";

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

/** Written at once: the last lines before a crash are the ones that matter. */
export function createLog(level: string): Logger {
  const options = { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, redact };
  return pino(options, destination({ fd: 2, sync: true }));
}
