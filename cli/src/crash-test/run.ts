/** `aither doctor --crash-test`: on this machine, on this disk, with this Node. */
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { fail } from "@aither/client/node";
import type { Context } from "../context.ts";
import { bad, good, type Finding } from "../doctor/finding.ts";
import { Trial } from "./trial.ts";
import { verdict } from "./verdict.ts";

const KILLS = 20;

export type CrashTest = { readonly findings: readonly Finding[]; readonly kills: number };

/** Kills a daemon of its own twenty times; null when the user stopped it. Rejects with REQUIREMENT_UNMET where it cannot be played. */
export async function crashTest(context: Context): Promise<CrashTest | null> {
  const { places, env, io, quiet } = context;
  if (process.platform === "win32")
    throw fail("REQUIREMENT_UNMET", "the crash test's scripts are for a POSIX shell, which Windows does not have");
  const folder = existsSync(places.home) && statSync(places.home).isDirectory() ? places.home : tmpdir();
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, onSignal);
  const say = (line: string): void => {
    if (!quiet && !context.json) io.say(line);
  };
  say(`killing a private daemon ${KILLS} times, in a new folder below ${folder}; your own daemon is not touched`);
  const trial = new Trial({
    folder,
    env,
    kills: KILLS,
    signal: stop.signal,
    onKill: ({ count, running, alive }) =>
      say(`  kill -9 ${String(count).padStart(2)} of ${KILLS} · ${running} scripts running, ${alive} live on`),
  });
  try {
    const story = await trial.run();
    const findings = verdict(story);
    const fine = findings.every(({ state }) => state === "good");
    await trial.dispose({ keep: !fine });
    const kept = fine ? [] : [good("evidence", `${trial.folder} was kept; it holds nothing of yours`)];
    return { findings: [...findings, ...kept], kills: story.kills };
  } catch (error) {
    await trial.dispose({ keep: false });
    if (stop.signal.aborted) {
      say("stopped; the private daemon and its folder are gone");
      return null;
    }
    return { findings: [bad("crash test", `could not be played: ${(error as Error).message}`, MEND)], kills: 0 };
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.removeListener(name, onSignal);
  }
}

const MEND = "aither doctor says what is wrong with this set-up";
