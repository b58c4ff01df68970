/** The reports that a playbook wants to be in its workspace, written when its job has ended. */
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JobState } from "@aither/core";
import { makeFolder } from "../exec/workspace-files.ts";
import type { Log, Store } from "../host.ts";
import { formats } from "./formats.ts";
import { reportOf, type ReportSource } from "./report.ts";

export type WorkspaceReports = ReportSource & { readonly store: Pick<Store, "origin">; readonly log: Log };

/** Each whole or not at all. Trouble with one is logged and keeps nobody from the others. */
export async function writeReports(source: WorkspaceReports, state: JobState): Promise<void> {
  const { reports = [], workspace } = state.plan;
  if (reports.length === 0) return;
  const umask = (await source.store.origin(state.id))?.umask ?? 0o022;
  for (const { path, format } of reports) {
    try {
      const root = await realpath(workspace);
      const folder = await makeFolder(root, dirname(path));
      const report = await reportOf(source, state);
      const temporary = join(folder, `.keeping-${state.id}`);
      try {
        await write(temporary, formats[format].write(report), 0o666 & ~umask);
        await rename(temporary, join(folder, basename(path)));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    } catch (error) {
      source.log.warn({ jobId: state.id, path, reason: String(error) }, "a report could not be written");
    }
  }
}

async function write(path: string, parts: AsyncIterable<string>, mode: number): Promise<void> {
  await rm(path, { force: true });
  const handle = await open(path, "wx", 0o600);
  try {
    for await (const part of parts) await handle.writeFile(part);
    // The daemon makes everything private; this is the user's file.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
