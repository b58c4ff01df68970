/** The reports that a playbook wants to be in its workspace, written when its job has ended. */
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JobState } from "@aither/core";
import type { ReportView } from "@aither/protocol";
import { makeFolder } from "../exec/workspace-files.ts";
import type { Log, Store } from "../host.ts";
import { errorCode } from "../store/errors.ts";
import { formats } from "./formats.ts";
import { reportOf, type ReportSource } from "./report.ts";

export type WorkspaceReports = ReportSource & { readonly store: Pick<Store, "origin">; readonly log: Log };

/** Each whole or not at all. Trouble with one is told, changes nothing for the job, and keeps nobody from the others. */
export async function writeReports(source: WorkspaceReports, state: JobState): Promise<ReportView[]> {
  const { reports = [], workspace } = state.plan;
  if (reports.length === 0) return [];
  const umask = (await source.store.origin(state.id))?.umask ?? 0o022;
  const masker = await source.store.secrets.of(state.id);
  const told: ReportView[] = [];
  for (const { path, format } of reports) {
    let detail = "";
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
      detail = reasonOf(error);
    }
    const view: ReportView = { path, format, status: detail === "" ? "written" : "failed", detail };
    told.push(masker?.document(view) ?? view);
  }
  return told;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "nobody may write there",
  EDQUOT: "the disk has no room left for this user",
  EISDIR: "a folder has that name",
  ENOENT: "its folder is not there",
  ENOSPC: "the disk is full",
  ENOTDIR: "a file stands where a folder should be",
  ENOTEMPTY: "a folder has that name",
  EPERM: "nobody may write there",
  EROFS: "nobody may write there",
};

/** In words, for people who asked for a report. */
function reasonOf(error: unknown): string {
  const code = errorCode(error) ?? "";
  return reasons[code] ?? (error instanceof Error && error.message !== "" ? error.message : String(error));
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
