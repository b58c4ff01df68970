import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { fileSize } from "./attempt-files.ts";
import { keepEnds, readCut, type Cut } from "./limit.ts";
import { createRig, waitFor } from "./test-rig.ts";
import { Tail } from "./tail.ts";

const HEAD = 64 * 1024;
const TAIL = 512 * 1024;

describe("an endless log", () => {
  const rig = createRig();
  after(() => rig.end());

  let reason: string | undefined;
  try {
    const tool = "fallocate";
    const probe = `${rig.dir}/probe`;
    writeFileSync(probe, Buffer.alloc(200_000, "x"));
    execFileSync(tool, ["-p", "-o", "0", "-l", "65536", probe], { stdio: "ignore" });
  } catch {
    reason = "no holes in files here";
  }

  it("keeps its ends, gives back the middle, and is followed without a gap", async (t) => {
    if (reason !== undefined) return t.skip(`skipped: ${reason}`);
    const tail = new Tail();
    const spec = rig.spec("seq 1 2000000");
    let seenBytes = 0;
    let ended: (size: number) => void = () => undefined;
    const until = new Promise<number>((resolve) => (ended = resolve));
    const reading = tail.read(spec.files.log, (bytes) => void (seenBytes += bytes.length), { until });
    const stop = new AbortController();
    const cuts: Cut[] = [];
    const keeping = keepEnds(spec.files, {
      signal: stop.signal,
      headBytes: HEAD,
      tailBytes: TAIL,
      checkMs: 1,
      onCut: (cut) => cuts.push(cut),
    });
    const started = await rig.start("", spec);
    await started.exit();
    const size = await fileSize(spec.files.log);
    ended(size);
    assert.equal(await reading, size);
    assert.equal(seenBytes, size);
    await waitFor(() => size - (cuts.at(-1)?.to ?? 0) < 2 * TAIL);
    stop.abort();
    assert.equal(await keeping, "stopped");
    tail.close();

    const whole = Array.from({ length: 2_000_000 }, (_, index) => `${index + 1}\n`).join("");
    assert.equal(size, whole.length);
    const log = readFileSync(spec.files.log, "latin1");
    const cut = (await readCut(spec.files)) ?? assert.fail();
    assert.deepEqual(cut, cuts.at(-1));
    assert.equal(cut.from, HEAD);
    assert.ok(log.slice(0, cut.from) === whole.slice(0, cut.from), "the head is whole");
    assert.ok(log.slice(cut.to) === whole.slice(cut.to), "the tail is whole");
    assert.ok(log.length - cut.to >= TAIL);
    assert.match(log.slice(cut.from, cut.to), /^\0+$/);
    const stat = statSync(spec.files.log);
    assert.ok(stat.blocks * 512 < HEAD + 2 * TAIL + 256 * 1024, `${stat.blocks * 512} on disk`);
  });

  it("is left alone while it is short", async () => {
    const spec = rig.spec("seq 1 1000");
    const started = await rig.start("", spec);
    await started.exit();
    const stop = new AbortController();
    const keeping = keepEnds(spec.files, { signal: stop.signal, checkMs: 1 });
    stop.abort();
    assert.equal(await keeping, "stopped");
    assert.equal(await readCut(spec.files), undefined);
  });
});
