/** Who holds the kernel's lock of a home? Looked up from outside, without taking it. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { Places } from "@aither/protocol";

/** `argv` is its command line. */
type Process = { readonly pid: number; readonly argv: readonly string[] };

/**
 * A lock is held by all who share its descriptor; `pid` is that of the first. It is null, and `by` empty, when the
 * holder is another user's, whose files nobody else may look at.
 */
export type LockHolder =
  | { readonly is: "free" | "unknown" }
  | { readonly is: "held"; readonly pid: number | null; readonly by: readonly Process[] };

export function lockHolder({ lock }: Pick<Places, "lock">): LockHolder {
  const file = statSync(lock, { throwIfNoEntry: false });
  if (file === undefined) return { is: "free" };
  if (!existsSync("/proc/locks")) return { is: "unknown" };
  const isHeld = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .some((line) => isLockOf(line.trim().split(/\s+/), file.ino));
  if (!isHeld) return { is: "free" };
  const by = holdersOf(lock, file.ino);
  return { is: "held", pid: by[0]?.pid ?? null, by };
}

/** `1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF`. Its process is whoever asked, here flock(1), which is gone. */
function isLockOf([, kind, , , , place]: readonly string[], inode: number): boolean {
  return kind === "FLOCK" && place?.split(":")[2] === String(inode);
}

/** The processes that have the locked file open. */
function holdersOf(lock: string, inode: number): Process[] {
  const isHolder = (pid: string): boolean =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== lock) return false;
      const told = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").matchAll(/^lock:\s+(.*)$/gm);
      return [...told].some(([, line = ""]) => isLockOf(line.split(/\s+/), inode));
    });
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!isHolder(pid)) return [];
        const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
        return [{ pid: Number(pid), argv }];
      } catch {
        // It has ended, or is another user's.
        return [];
      }
    })
    .toSorted((one, other) => one.pid - other.pid);
}

/** Programs that become, or are, a daemon: its starters name its file, too. */
const DAEMON = /(?:^|[\\/])(?:aitherd|main\.[cm]?[jt]s)$/;
const COMMAND_SHOWN = 100;

/**
 * Watches for a stranger, who holds the lock and is no daemon: no patience of ours makes that one answer. Each look
 * tells who it is once the same one was seen in two of them; a process of a moment is none.
 */
export class StrangerWatch {
  readonly #places: Pick<Places, "lock">;
  readonly #entry: string | undefined;
  /** Who was seen by the last look; `unseen` for another user's. */
  #last: number | "unseen" | null = null;

  /** `entry`: the file of a daemon that is started from somewhere else. */
  constructor(places: Pick<Places, "lock">, entry: string | undefined) {
    this.#places = places;
    this.#entry = entry;
  }

  /** The stranger and how to be rid of it, as two sentences; null when there is none. */
  look(): { readonly who: string; readonly mend: string } | null {
    const holder = lockHolder(this.#places);
    const found =
      holder.is !== "held" || holder.by.some((one) => this.#isDaemon(one)) ? null : (holder.pid ?? "unseen");
    const isSame = found !== null && found === this.#last;
    this.#last = found;
    if (!isSame || holder.is !== "held") return null;
    const [first] = holder.by;
    if (first === undefined) return { who: "another user's process", mend: "ask its owner to end it" };
    return { who: `process ${first.pid} (${commandOf(first)})`, mend: `end it with \`kill ${first.pid}\`` };
  }

  #isDaemon({ argv }: Process): boolean {
    return argv.some((word) => word === this.#entry || DAEMON.test(word));
  }
}

function commandOf({ argv }: Process): string {
  // Whatever stands there is text, and one line of it is enough.
  const text = argv.join(" ").replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
  return text.length > COMMAND_SHOWN ? `${text.slice(0, COMMAND_SHOWN)} …` : text;
}
