import { fail } from "@aither/client/node";
import { open, stat } from "node:fs/promises";
import type { Context } from "../../context.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { leaving } from "../../leaving.ts";

const TAIL_DEFAULT = 50;
const TAIL_BYTES_MAX = 1_048_576;
const POLL_MS = 200;

/** `aither daemon logs`: reads the file itself, because it is wanted most when no daemon runs. */
export async function daemonLogs(context: Context, input: Input): Promise<number> {
  const { places, io } = context;
  using leave = leaving(context, null);
  const wanted = input.count("tail") ?? TAIL_DEFAULT;
  const file = await open(places.daemonLog).catch(() => {
    throw fail("NOT_FOUND", `there is no log yet: ${places.daemonLog}`, { hint: "aither daemon start makes one" });
  });
  try {
    const { size } = await file.stat();
    let at = Math.max(0, size - TAIL_BYTES_MAX);
    const tail = (await readFrom(file, at, size)).toString("utf8").split("\n");
    const lines = tail.at(-1) === "" ? tail.slice(0, -1) : tail;
    await io.lines(wanted === 0 ? [] : lines.slice(-wanted));
    at = size;
    while (input.on("follow") && !leave.signal.aborted) {
      const now = (await stat(places.daemonLog)).size;
      if (now > at) await io.write(await readFrom(file, at, now));
      at = Math.max(at, now);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await file.close();
  }
  return leave.code ?? exit.done;
}

async function readFrom(file: Awaited<ReturnType<typeof open>>, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}
