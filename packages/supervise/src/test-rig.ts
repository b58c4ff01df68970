/** What the tests of this package share: a folder, real attempts in it, and nothing left behind. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { attemptFiles, readExit, type AttemptFiles, type ExitFound } from "./attempt-files.ts";
import type { AttemptTarget } from "./attempt-target.ts";
import { findProcesses } from "./find.ts";
import { kill, killWrapper } from "./kill.ts";
import { Spawner, type AttemptSpec, type SpawnerOptions } from "./spawner.ts";

export type Rig = {
  readonly dir: string;
  readonly spawner: Spawner;
  /** A spec for a shell text; every call gives a new attempt. */
  spec(text: string, more?: Partial<AttemptSpec>): AttemptSpec;
  /** Starts it; throws unless the claim was won. */
  start(text: string, more?: Partial<AttemptSpec>): Promise<Started>;
  end(): Promise<void>;
};

export type Started = {
  readonly files: AttemptFiles;
  readonly target: AttemptTarget;
  exit(): Promise<ExitFound>;
  log(): string;
};

let rigs = 0;

export function createRig(options: SpawnerOptions = {}): Rig {
  rigs += 1;
  const dir = mkdtempSync(join(tmpdir(), "aither-supervise-"));
  const spawner = new Spawner(options);
  const targets: AttemptTarget[] = [];
  let attempts = 0;
  const spec: Rig["spec"] = (text, more = {}) => {
    attempts += 1;
    const files = more.files ?? attemptFiles(dir, `s${attempts}.1`);
    return {
      files,
      bell: `${files.base}.bell`,
      argv: ["/bin/sh", "-c", text],
      cwd: dir,
      env: { PATH: "/usr/bin:/bin" },
      marker: `rig-${process.pid}-${rigs}-${attempts}`,
      ...more,
    };
  };
  return {
    dir,
    spawner,
    spec,
    start: async (text, more) => {
      const order = spec(text, more);
      const result = await spawner.start(order);
      if (result.kind !== "claimed") throw new Error(`not claimed: ${JSON.stringify(result)}`);
      const target: AttemptTarget = {
        wrapper: result.process,
        marker: order.marker,
        outputPaths: [order.files.log, order.files.err],
        cgroupDir: order.cgroupDir,
      };
      targets.push(target);
      return {
        files: order.files,
        target,
        exit: async () => waitFor(() => readExit(order.files)),
        log: () => readFileSync(order.files.log, "utf8"),
      };
    },
    end: async () => {
      await spawner.close();
      // All at once: they share one look at the machine's processes.
      const found = await Promise.all(targets.map((target) => findProcesses(target)));
      for (const [index, target] of targets.entries()) {
        if (found[index]?.length === 0) continue;
        await kill(target);
        killWrapper(target);
      }
      // What was killed just now may have been making a file.
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

/** Waits until `look` finds something; a test that waits in vain says what for. */
export async function waitFor<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms for: ${look.toString()}`);
    await delay(3);
  }
}

/** Waits for a file to hold at least so many lines; returns them. */
export async function waitForLines(path: string, count: number): Promise<string[]> {
  return waitFor(() => {
    if (!existsSync(path)) return undefined;
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.length >= count && lines;
  });
}

/** The POSIX shells of this machine that can run the wrapper. */
export const shells = ["dash", "bash", "mksh", "ksh93", "busybox"].map((name) => ({
  name,
  path: ["/usr/bin", "/bin", "/usr/local/bin"].map((dir) => join(dir, name)).find((path) => existsSync(path)),
}));
