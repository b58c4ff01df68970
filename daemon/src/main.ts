/** `aitherd`: one daemon for one home. Reads its settings, takes the lock, starts, and waits for its end. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import type { Places, Problem } from "@aither/protocol";
import { readConfig, type Config } from "./config.ts";
import { exitCodeOf, unlinkIfThere } from "./exit.ts";
import { EXIT_OWNED, takeLock } from "./lock.ts";
import { assertSocketPath, findPlaces, makeHome, makeSocketFolder, refusedBy } from "./paths.ts";
import { StartRefused } from "./store/format.ts";

process.umask(0o077);
let places: Places | undefined;
try {
  const config = await readConfig(process.argv.slice(2), process.env);
  places = findPlaces(config.home);
  await run(config, places);
} catch (error) {
  const refusal = error instanceof StartRefused ? error : refusedBy(error, "the daemon could not start");
  if (refusal.problem.code === "AITHER_E_INTERNAL") process.stderr.write(`${inspect(refusal.cause)}\n`);
  await tell(refusal.problem, places);
  process.exit(exitCodeOf(refusal.problem));
}

async function run(config: Config, where: Places): Promise<void> {
  assertSocketPath(where);
  await makeHome(where);
  const lock = await takeLock(where.lock);
  if (lock.is === "handed-on") process.exit(await lock.exitCode);
  if (lock.is === "owned-by-another") process.exit(EXIT_OWNED);
  await unlinkIfThere(startProblemPath(where));
  await makeSocketFolder(where);
  // Nothing of ours may keep a folder from being unmounted or removed.
  process.chdir("/");
  // Everything heavy comes after the lock: of twenty starters at once, nineteen leave without having loaded it.
  const [{ watchHome }, { createLog }, { Lifecycle }, { start }] = await Promise.all([
    import("./home-watch.ts"),
    import("./log.ts"),
    import("./lifecycle.ts"),
    import("./start.ts"),
  ]);
  const log = createLog(config.logLevel);
  const lifecycle = new Lifecycle(log);
  const unwatch = watchHome(where, log, (what) => lifecycle.homeGone(what));
  lifecycle.onStop(async () => unwatch());
  if (config.unknown.length > 0) log.warn({ names: config.unknown }, "the settings name what there is not");
  await start({ config, places: where, log, lifecycle });
}

/** Where a starter finds why there is no daemon: one problem document. */
function startProblemPath({ home }: Places): string {
  return join(home, "start-problem.json");
}

/** On stderr, and beside the home for whoever started us and sees no stderr. */
async function tell(problem: Problem, where: Places | undefined): Promise<void> {
  const text = `${JSON.stringify(problem)}\n`;
  process.stderr.write(process.stderr.isTTY ? `aitherd: ${problem.detail}\n${problem.hint}\n` : text);
  if (where === undefined) return;
  try {
    await writeFile(startProblemPath(where), text, { mode: 0o600 });
  } catch {
    // The home itself is what cannot be written: stderr has said it.
  }
}
