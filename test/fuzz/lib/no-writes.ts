/** While a parser runs, whatever would write a file throws. */
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const writers = [
  "appendFile",
  "chmod",
  "copyFile",
  "cp",
  "link",
  "mkdir",
  "mkdtemp",
  "rename",
  "rm",
  "rmdir",
  "symlink",
  "truncate",
  "unlink",
  "utimes",
  "write",
  "writeFile",
  "writev",
] as const;

let isForbidden = false;

/** Files of the harness itself are written in here. */
export function allowed<T>(write: () => T): T {
  const before = isForbidden;
  isForbidden = false;
  try {
    return write();
  } finally {
    isForbidden = before;
  }
}

export function forbidWrites(): void {
  for (const name of writers) {
    guard(fs as never, name);
    guard(fs as never, `${name}Sync`);
    guard(promises as never, name);
  }
  for (const name of ["open", "openSync"] as const) guard(fs as never, name, opensForWriting);
  guard(promises as never, "open", opensForWriting);
  syncBuiltinESMExports();
  isForbidden = true;
}

type Functions = Record<string, ((...args: unknown[]) => unknown) | undefined>;

function guard(module: Functions, name: string, isWrite: (args: readonly unknown[]) => boolean = () => true): void {
  const original = module[name];
  if (original === undefined) return;
  module[name] = (...args) => {
    // A descriptor that is standard output or error belongs to the harness.
    if (isForbidden && isWrite(args) && args[0] !== 1 && args[0] !== 2) {
      throw new Error(`a parser wrote: fs.${name}(${String(args[0]).slice(0, 200)})`);
    }
    return original.apply(module, args);
  };
}

function opensForWriting([, flags]: readonly unknown[]): boolean {
  if (typeof flags === "number") return (flags & 3) !== 0;
  return typeof flags === "string" && /[wa+]/.test(flags);
}
