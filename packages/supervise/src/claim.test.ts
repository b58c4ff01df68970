import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import {
  attemptFiles,
  EXIT_RECORD_BYTES,
  formatClaim,
  parseClaim,
  parseExit,
  readClaim,
  readExit,
} from "./attempt-files.ts";
import { fence, preallocateExit, syncExit } from "./claim.ts";
import { createDurableFs } from "./durable-fs.ts";
import { createRig, waitFor } from "./test-rig.ts";

describe("a claim", () => {
  const rig = createRig();
  after(() => rig.end());

  it("is won by exactly one, wrapper or fence, 200 times", async () => {
    let fenced = 0;
    for (let round = 0; round < 200; round += 1) {
      const spec = rig.spec(`echo ran >> ledger.${round}`);
      const starting = rig.spawner.start(spec);
      // Somewhere in the two to four milliseconds that a wrapper needs to get there.
      const until = performance.now() + Math.random() * 6;
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
      const [result, barred] = await Promise.all([starting, fence(spec.files, `d${round}`)]);
      const claim = await readClaim(spec.files);
      if (barred.kind === "fenced") {
        fenced += 1;
        assert.equal(result.kind, "refused");
        assert.equal(claim?.kind, "fenced");
        assert.throws(() => statSync(`${rig.dir}/ledger.${round}`), "a fenced attempt never runs");
      } else {
        assert.equal(result.kind, "claimed");
        assert.deepEqual(barred.claim, claim);
        await waitFor(() => readExit(spec.files));
        assert.equal(readFileSync(`${rig.dir}/ledger.${round}`, "utf8"), "ran\n");
      }
    }
    assert.ok(fenced > 0 && fenced < 200, `the race went both ways (${fenced} fenced)`);
  });

  it("names a pid that can be one, and an end a code that can be one", () => {
    assert.equal(parseClaim(`v1 boot ${"9".repeat(400)} 77`), undefined);
    assert.equal(parseClaim("v1 boot 12345 77")?.kind, "claimed");
    assert.equal(parseExit(`exit ${"9".repeat(400)} .\n`)?.result.kind, "setup");
    assert.equal(parseExit(`${"9".repeat(400)}m0.1s 0m0.1s\nexit 7 .\n`)?.userMs, Number("9".repeat(9)) * 60_000 + 100);
    assert.deepEqual(parseExit("exit 7 .\n")?.result, { kind: "exited", code: 7, signal: undefined });
  });

  it("is made once: fencing again tells who was first", async () => {
    const files = attemptFiles(rig.dir, "again.1");
    assert.deepEqual(await fence(files, "d1"), { kind: "fenced" });
    const again = await fence(files, "d2");
    assert.equal(again.kind, "exists");
    assert.ok(again.kind === "exists" && again.claim.kind === "fenced");
    assert.equal(again.claim.daemonId, "d1");
    await assert.rejects(fence(files, "two words"));
  });

  it("survives a round trip through text", () => {
    const claims = [
      { kind: "fenced", daemonId: "d-1" },
      { kind: "claimed", process: { bootId: "b", pid: 12, startTime: "345" } },
      { kind: "claimed", process: { bootId: "-", pid: 1, startTime: "Sun_Nov_22" } },
    ] as const;
    for (const claim of claims) assert.deepEqual(parseClaim(formatClaim(claim)), claim);
    for (const text of ["", "v1", "v2 fence d", "v1 b 0 5", "v1 b 1", "v1 b x 5", "v1 b 1 5 6"]) {
      assert.equal(parseClaim(text), undefined, text);
    }
  });

  it("is not guessed at when something else lies in its place", async () => {
    const files = attemptFiles(rig.dir, "strange.1");
    assert.equal(await readClaim(files), undefined);
    symlinkSync("elsewhere", files.claim);
    await assert.rejects(readClaim(files), /is no claim/);
    const folder = attemptFiles(rig.dir, "folder.1");
    mkdirSync(folder.claim);
    await assert.rejects(readClaim(folder));
  });
});

describe("an exit record", () => {
  const rig = createRig();
  const fs = createDurableFs();
  after(() => rig.end());

  it("is laid out beforehand, reads as not ended, and is never made blank again", async () => {
    const files = attemptFiles(rig.dir, "pre.1");
    assert.equal(await readExit(files), undefined);
    await preallocateExit(fs, files);
    assert.equal(statSync(files.exit).size, EXIT_RECORD_BYTES);
    assert.equal((statSync(files.exit).mode & 0o777).toString(8), "600");
    assert.equal(await readExit(files), undefined);
    writeFileSync(files.exit, "0m0s 0m0s\n0m0s 0m0s\nexit 3 .\n");
    await preallocateExit(fs, files);
    await syncExit(fs, files);
    assert.equal((await readExit(files))?.result.kind, "exited");
  });

  it("counts only with its last line complete, cut at any byte", () => {
    const text = "0m0.010s 0m0.020s\n1m2.500s 0m0.250s\nexit 137 .\n";
    for (let length = 0; length < text.length - 2; length += 1) {
      const torn = text.slice(0, length) + "\n".repeat(EXIT_RECORD_BYTES - length);
      assert.equal(parseExit(torn), undefined, JSON.stringify(torn.slice(0, length)));
    }
    assert.deepEqual(parseExit(text), {
      result: { kind: "exited", code: 137, signal: "SIGKILL" },
      userMs: 62_500,
      systemMs: 250,
    });
  });

  it("understands each shell's way", () => {
    const code = (word: string) => parseExit(`0m0,5s 0m0s\nexit ${word} .\n`)?.result;
    assert.deepEqual(code("265"), { kind: "exited", code: 137, signal: "SIGKILL" });
    assert.deepEqual(code("0"), { kind: "exited", code: 0, signal: undefined });
    assert.deepEqual(code("255"), { kind: "exited", code: 255, signal: undefined });
    assert.deepEqual(code("128"), { kind: "exited", code: 128, signal: undefined });
    assert.deepEqual(code("setup:cwd"), { kind: "setup", reason: "cwd" });
  });
});
