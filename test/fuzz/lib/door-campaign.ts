/** So many requests and so much garbage from one seed, at one daemon. */
import fc from "fast-check";
import { Door } from "./door.ts";
import { rawFrames, rawRequests, requests } from "./requests.ts";

export const DOOR = "routes";
const LOOK_EACH = 25;

export type DoorResult = { readonly asked: number; readonly byStatus: Readonly<Record<string, number>> };

const handshake = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

/** Throws at the first thing that does not hold; the message begins with the line that asks the same again. */
export async function askAll({
  seed,
  count,
  limitMs,
}: {
  seed: number;
  count: number;
  limitMs: number;
}): Promise<DoorResult> {
  await using door = await Door.open();
  const { pid } = door.daemon;
  const until = performance.now() + limitMs;
  const byStatus: Record<string, number> = {};
  const numRuns = count;
  const all = fc.sample(requests, { seed, numRuns });
  const raw = fc.sample(rawRequests, { seed, numRuns: Math.ceil(numRuns / 8) });
  const frames = fc.sample(rawFrames, { seed, numRuns: Math.ceil(numRuns / 8) });
  let asked = 0;
  try {
    for (const [at, one] of all.entries()) {
      if (performance.now() > until) break;
      const status = await door.ask(one);
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      asked += 1;
      if (at % 8 === 3) await door.garbage(raw[Math.floor(at / 8)]!);
      if (at % 8 === 7)
        await door.garbage(
          frames[Math.floor(at / 8)]!,
          handshake(at % 16 === 7 ? "/api/events" : "/api/jobs/latest/events"),
        );
      asked += at % 4 === 3 ? 1 : 0;
      if (at % LOOK_EACH !== 0) continue;
      await door.isWell(pid);
      await door.provide();
    }
    await door.isWell(pid);
    door.noBugs();
  } catch (error) {
    throw new Error(`npm run test:fuzz -- --seed ${seed} --only ${DOOR}, after ${asked} requests`, { cause: error });
  }
  return { asked, byStatus };
}
