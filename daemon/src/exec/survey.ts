/**
 * What became of an attempt? The same question after a restart, after a spawner's death and after a cancel; the answer
 * is read off claim, exit record and processes (supervision, table of recovery). Asking twice does no harm.
 */
import { ClaimUnreadable, fence, isAlive, readBootId, readClaim, readExit, type ClaimFound } from "@aither/supervise";
import { handleOf, type Attempt } from "./attempt.ts";

export type Surveyed = "not-started" | "runs" | "ended";

/** `failure`: why it will not do to try again, should it turn out that nothing started. */
export async function survey(attempt: Attempt, daemonId: string, failure?: string): Promise<Surveyed> {
  const { files, request } = attempt;
  const { identity } = attempt.connection;
  const oddity = await oddClaim(attempt);
  if (oddity !== null) {
    await attempt.vanished(null, oddity);
    return "ended";
  }
  if (!request.started && (await mayHaveBegun(attempt))) {
    const { result } = (await readExit(files)) ?? {};
    const known = result?.kind === "exited" ? `, but its exit record says ${result.code}` : "";
    attempt.lost(`it was scheduled before the machine was restarted; whether it began is not on disk${known}`);
    return "ended";
  }
  const claim = await claimOrFence(attempt, daemonId);
  if (claim === undefined || claim.kind === "fenced") {
    // The journal saw a process, so there was a claim: a power cut may have taken it, or a person.
    if (request.started) attempt.lost(`its claim is gone: ${files.claim}`);
    else attempt.notStarted(failure);
    return "not-started";
  }
  const process = { ...claim.process, startedAt: claim.startedAt };
  const exit = await readExit(files);
  if (exit !== undefined) {
    await attempt.end(exit, process);
    return "ended";
  }
  if (claim.process.bootId !== readBootId(identity)) {
    attempt.lost("the machine was restarted while it ran");
    return "ended";
  }
  // Dead or alive, it is watched like any other.
  attempt.run(handleOf(process), request.recovering || !request.mayStart ? "adopted" : "started");
  if (isAlive(process, identity)) return "runs";
  attempt.heard();
  return "ended";
}

/** What stands in the place of the claim and is none; it is left as it is, and no start is tried past it. */
async function oddClaim({ files }: Attempt): Promise<string | null> {
  try {
    await readClaim(files);
    return null;
  } catch (error) {
    if (error instanceof ClaimUnreadable) return error.message;
    throw error;
  }
}

/**
 * Scheduled before the machine went down, and unclaimed now: a claim is not synced, so a power cut may have taken it away
 * from a script that ran. It is not fenced: no wrapper of that boot can come any more, and a fence would say to the next
 * life that nothing began.
 */
async function mayHaveBegun({ files, request, connection }: Attempt): Promise<boolean> {
  const { scheduledIn } = request;
  if (scheduledIn === null || scheduledIn === readBootId(connection.identity)) return false;
  return (await readClaim(files)) === undefined;
}

/** Undefined when it was fenced right now. */
async function claimOrFence(attempt: Attempt, daemonId: string): Promise<ClaimFound | undefined> {
  const found = await readClaim(attempt.files);
  if (found !== undefined || attempt.request.started) return found;
  const result = await fence(attempt.files, daemonId);
  return result.kind === "exists" ? result.claim : undefined;
}
