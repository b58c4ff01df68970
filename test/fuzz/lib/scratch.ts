/** A folder of this thread for parsers that take the name of a file. It goes when the process ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowed } from "./no-writes.ts";

let folder: string | undefined;

/** The path of a file that holds exactly this. */
export function fileWith(name: string, content: string | Uint8Array): string {
  return allowed(() => {
    folder ??= made();
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
}

function made(): string {
  const path = mkdtempSync(join(tmpdir(), "af-"));
  process.once("exit", () => allowed(() => rmSync(path, { recursive: true, force: true })));
  return path;
}
