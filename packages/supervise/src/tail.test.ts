import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileSize } from "./attempt-files.ts";
import { readIndex, timeOfOffset } from "./tail-index.ts";
import { Tail, type FollowOptions } from "./tail.ts";
import { createRig, waitFor } from "./test-rig.ts";
import { watchExits } from "./watch-exits.ts";

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/** Follows into memory and checks on the way that no byte is skipped or repeated. */
async function collect(tail: Tail, path: string, options: FollowOptions = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  let expected = options.from ?? 0;
  for await (const { offset, bytes } of tail.follow(path, options)) {
    assert.equal(offset, expected);
    expected += bytes.length;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

describe("following an attempt", () => {
  const rig = createRig();
  const tail = new Tail();
  after(async () => {
    tail.close();
    await rig.end();
  });

  /** Starts a script and follows it as the daemon does: from before the start to the recorded end. */
  const followed = async (text: string, followers = 1): Promise<readonly [string, Buffer[]]> => {
    const spec = rig.spec(text);
    const end = deferred<number | undefined>();
    const reading = Array.from({ length: followers }, () => collect(tail, spec.files.log, { until: end.promise }));
    const started = await rig.start(text, spec);
    await started.exit();
    end.resolve(await fileSize(spec.files.log));
    return [spec.files.log, await Promise.all(reading)];
  };

  it("misses nothing of 200,000 fast lines and an exit right after the last byte", async () => {
    const [path, seen] = await followed("seq 1 200000; printf last", 3);
    const whole = readFileSync(path);
    assert.ok(whole.toString().endsWith("\n200000\nlast"));
    for (const bytes of seen) assert.equal(sha(bytes), sha(whole));
  });

  it("hands on a line of 10 MB with NUL and bytes that are no UTF-8, byte for byte", async () => {
    const line = Buffer.concat([Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0x0d]), randomBytes(10_000_000)]);
    for (let at = line.indexOf(10); at >= 0; at = line.indexOf(10, at)) line[at] = 0;
    writeFileSync(`${rig.dir}/line`, line);
    const [, seen] = await followed(`cat line`);
    assert.equal(sha(seen[0] ?? Buffer.alloc(0)), sha(line));
  });

  it("is complete for many short scripts", async () => {
    const texts = Array.from({ length: 30 }, (_, index) => `printf 'a${index}\\nb'`);
    const all = await Promise.all(texts.map((text) => followed(text)));
    for (const [index, [, [bytes]]] of all.entries()) {
      assert.equal(String(bytes), `a${index}\nb`);
    }
  });

  it("ends at the recorded end although a child goes on writing", async () => {
    const spec = rig.spec("echo early; ( while :; do echo late; sleep 0.005; done ) & exit 0");
    const end = deferred<number | undefined>();
    const reading = collect(tail, spec.files.log, { until: end.promise });
    const started = await rig.start("", spec);
    await started.exit();
    const size = await fileSize(spec.files.log);
    await waitFor(() => statSync(spec.files.log).size > size + 20);
    end.resolve(size);
    const bytes = String(await reading);
    assert.ok(bytes.startsWith("early\n") && bytes.length >= size);
    const exact = await collect(tail, spec.files.log, { to: size });
    assert.equal(exact.length, size);
  });
});

describe("following a file", () => {
  const rig = createRig();
  const tail = new Tail({ quietMs: 30, sweepMs: 200 });
  after(async () => {
    tail.close();
    await rig.end();
  });
  let files = 0;
  const newFile = (text = ""): string => {
    files += 1;
    const path = `${rig.dir}/f${files}`;
    writeFileSync(path, text);
    return path;
  };

  it("starts anywhere and stops when told", async () => {
    const path = newFile("0123456789");
    const read = (options: FollowOptions) => collect(tail, path, options).then(String);
    assert.equal(await read({ until: Promise.resolve(undefined) }), "0123456789");
    assert.equal(await read({ from: 4, until: Promise.resolve(undefined) }), "456789");
    assert.equal(await read({ from: 4, to: 6 }), "45");
    assert.equal(await read({ from: 10, until: Promise.resolve(undefined) }), "");
    assert.equal(await read({ from: 10, to: 10 }), "");
    assert.equal(await read({ signal: AbortSignal.abort() }), "");
  });

  it("notices a line after a silence, by the watch and by the sweep", async () => {
    const path = newFile();
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = tail.read(path, (bytes) => void seen.push(bytes.toString()), { signal: stop.signal });
    for (let round = 0; round < 5; round += 1) {
      // Longer than quietMs: the file is idle again and nobody polls it.
      await new Promise((resolve) => setTimeout(resolve, 60));
      appendFileSync(path, `line ${round}\n`);
      await waitFor(() => seen.join("").endsWith(`line ${round}\n`), 2_000);
    }
    stop.abort();
    assert.equal(await reading, statSync(path).size);
  });

  it("follows a slow printer by its watch alone, and a busy one by looking now and then", async () => {
    const watching = new Tail({ pollMsMin: 600_000, pollMsMax: 600_000, sweepMs: 600_000 });
    const path = newFile();
    const stop = new AbortController();
    let seen = "";
    const reading = watching.read(path, (bytes) => void (seen += bytes.toString()), { signal: stop.signal });
    for (let round = 0; round < 8; round += 1) {
      // What makes a printer slow; a poll would come minutes later.
      await new Promise((resolve) => setTimeout(resolve, 25));
      appendFileSync(path, `line ${round}\n`);
      await waitFor(() => seen.endsWith(`line ${round}\n`), 5_000);
    }
    stop.abort();
    await reading;
    const text = `i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done`;
    const busy = rig.spec(text);
    let reads = 0;
    const end = deferred<number | undefined>();
    const counting = tail.read(busy.files.log, () => void (reads += 1), { until: end.promise });
    const started = await rig.start("", busy);
    await started.exit();
    end.resolve(undefined);
    await counting;
    assert.ok(reads < 2_000, `${reads} reads of 20,000 lines`);
  });

  it("waits for a file that is not there yet, and ends without one", async () => {
    const path = `${rig.dir}/later`;
    const end = deferred<number | undefined>();
    const reading = collect(tail, path, { until: end.promise });
    writeFileSync(path, "now");
    end.resolve(3);
    assert.equal(String(await reading), "now");
    const none = collect(tail, `${rig.dir}/never`, { until: Promise.resolve(undefined) });
    assert.equal(String(await none), "");
  });

  it("holds only the slow reader back", async () => {
    const path = newFile();
    const size = 6_000_000;
    const end = Promise.resolve(size);
    const gate = deferred<undefined>();
    let slowSeen = 0;
    const slow = tail.read(
      path,
      (bytes) => {
        slowSeen += bytes.length;
        return gate.promise;
      },
      { until: end },
    );
    appendFileSync(path, Buffer.alloc(size, "x"));
    const fast = await collect(tail, path, { until: end });
    assert.equal(fast.length, size);
    assert.ok(slowSeen < size);
    gate.resolve(undefined);
    assert.equal(await slow, size);
    assert.equal(slowSeen, size);
  });

  it("does not let a lazy iterator fill the memory", async () => {
    const path = newFile();
    appendFileSync(path, Buffer.alloc(20_000_000, "y"));
    const chunks = tail.follow(path, { until: Promise.resolve(undefined) });
    const first = await chunks.next();
    assert.ok(first.done === false);
    await new Promise((resolve) => setTimeout(resolve, 50));
    let total = first.value.bytes.length;
    for await (const { bytes } of chunks) total += bytes.length;
    assert.equal(total, 20_000_000);
  });

  it("ends, and does not hang, when the file was cut short", async () => {
    const path = newFile("0123456789");
    truncateSync(path, 4);
    assert.equal(String(await collect(tail, path, { until: Promise.resolve(10) })), "0123");
  });

  it("passes on what a sink throws, and what the file system says", async () => {
    const path = newFile("x");
    const thrown = new Error("sink");
    await assert.rejects(
      tail.read(path, () => {
        throw thrown;
      }),
      thrown,
    );
    await assert.rejects(
      tail.read(path, async () => Promise.reject(thrown)),
      thrown,
    );
    await assert.rejects(collect(tail, rig.dir), { code: "EISDIR" });
    await assert.rejects(collect(tail, path, { until: Promise.reject(thrown) }), thrown);
  });

  it("stops iterating when the reader leaves", async () => {
    const path = newFile("abc");
    for await (const { bytes } of tail.follow(path)) {
      assert.equal(String(bytes), "abc");
      break;
    }
  });

  it("writes the index: when each byte was seen", async () => {
    const path = newFile();
    const indexPath = `${path}.idx`;
    const before = Date.now() * 1000;
    for (const text of ["one\n", "two\n"]) {
      const from = statSync(path).size;
      appendFileSync(path, text);
      const until = Promise.resolve(undefined);
      await tail.read(path, () => undefined, { from, until, indexPath });
      // A daemon that died in the middle of a record.
      appendFileSync(indexPath, "torn");
    }
    assert.equal(statSync(indexPath).mode & 0o777, 0o600);
    const records = readIndex(indexPath);
    assert.deepEqual(
      records.map(({ offset }) => offset),
      [4, 8],
    );
    const [first, second] = records;
    assert.ok(first !== undefined && second !== undefined && first.timeUs >= before);
    assert.deepEqual(timeOfOffset(records, 0), { sinceUs: undefined, timeUs: first.timeUs });
    assert.deepEqual(timeOfOffset(records, 3), { sinceUs: undefined, timeUs: first.timeUs });
    assert.deepEqual(timeOfOffset(records, 4), { sinceUs: first.timeUs, timeUs: second.timeUs });
    assert.equal(timeOfOffset(records, 8), undefined);
    assert.deepEqual(readIndex(`${rig.dir}/none`), []);
  });

  it("tells in the index of nothing that the sink has not done with", async () => {
    const path = newFile("one\n");
    const indexPath = `${path}.idx`;
    let done = (): void => undefined;
    const sink = async (): Promise<void> => new Promise((resolve) => (done = resolve));
    const stop = new AbortController();
    const reading = tail.read(path, sink, { indexPath, signal: stop.signal });
    await delay(50);
    assert.deepEqual(readIndex(indexPath), []);
    done();
    await delay(50);
    assert.deepEqual(
      readIndex(indexPath).map(({ offset }) => offset),
      [4],
    );
    appendFileSync(path, "two\n");
    await delay(100);
    stop.abort();
    await reading;
    done();
    await delay(20);
    assert.equal(readIndex(indexPath).length, 1, "nor later, when nobody reads any more");
  });
});

describe("the bells", () => {
  const rig = createRig();
  after(() => rig.end());

  it("are heard once each, those from before and those that come in a storm", async () => {
    writeFileSync(`${rig.dir}/before`, "");
    const heard: string[] = [];
    const watching = watchExits(rig.dir, (name) => heard.push(name), { sweepMs: 100 });
    await waitFor(() => heard.includes("before"));
    const names = Array.from({ length: 500 }, (_, index) => `bell.${index}`);
    for (const name of names) writeFileSync(`${rig.dir}/${name}`, "");
    await waitFor(() => heard.length === 501);
    assert.deepEqual(new Set(heard), new Set(["before", ...names]));
    watching.close();
  });

  it("are heard of a real attempt within milliseconds, and again after they were taken away", async () => {
    const heard: string[] = [];
    const spec = rig.spec("exit 0");
    const name = spec.bell.slice(rig.dir.length + 1);
    const watching = watchExits(rig.dir, (one) => heard.push(one), { sweepMs: 60_000 });
    const started = await rig.start("exit 0", { files: spec.files });
    await waitFor(() => heard.includes(name), 2_000);
    assert.equal((await started.exit()).result.kind, "exited");
    watching.close();
  });

  it("are heard without any event, by the sweep", async () => {
    const dir = `${rig.dir}/not-yet`;
    const heard: string[] = [];
    const errors: unknown[] = [];
    const watching = watchExits(dir, (name) => heard.push(name), {
      sweepMs: 20,
      onError: (error) => errors.push(error),
    });
    await waitFor(() => errors.length > 0);
    const { mkdirSync } = await import("node:fs");
    mkdirSync(dir);
    writeFileSync(`${dir}/one`, "");
    await waitFor(() => heard.includes("one"));
    watching.close();
  });
});
