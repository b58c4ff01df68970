import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobId } from "@aither/protocol";
import type { Log } from "../host.ts";
import { JobSecrets, type Named } from "./job-secrets.ts";

const NONE: Named = { values: [], isOver: false };
const JOB = "01890000-0000-7000-8000-000000000001" as JobId;

/** Secrets of one open job, kept in memory: what was written, and what was said of it. */
function opened() {
  const written: Named[] = [];
  const warned: object[] = [];
  const log = { warn: (what: object) => warned.push(what), error: (what: object) => assert.fail(JSON.stringify(what)) };
  const secrets = new JobSecrets({
    read: async () => null,
    readNow: () => ({ env: {}, umask: null }),
    learned: {
      read: async () => NONE,
      readNow: () => NONE,
      write: async (_job, named) => {
        await new Promise(setImmediate);
        written.push(named);
      },
    },
    isRemembered: () => true,
    log: log as unknown as Log,
  });
  return { secrets, written, warned };
}

const masked = (secrets: JobSecrets, text: string): string => secrets.now(JOB)?.text(text) ?? text;

test("many long values, named one by one while somebody reads: neither much time nor much memory", () => {
  const { secrets } = opened();
  const value = (number: number): string => `${number}-`.repeat(4_096).slice(0, 2_048);
  const before = process.memoryUsage().arrayBuffers;
  const begun = performance.now();
  let values = 0;
  for (; values < 200; values += 1) {
    secrets.learn(JOB, [value(values + 1_000)]);
    secrets.peek(JOB);
  }
  // Without a bound: more than ten seconds, and gigabytes.
  assert.ok(performance.now() - begun < 4_000, `${performance.now() - begun} ms`);
  assert.ok(
    process.memoryUsage().arrayBuffers - before < 500e6,
    `${process.memoryUsage().arrayBuffers - before} bytes`,
  );
  assert.equal(masked(secrets, `a ${value(1_000)} b`), "a *** b");
});

test("a value of very many lines harms nobody, and junk does not use up what there is for real ones", async () => {
  const { secrets, warned, written } = opened();
  secrets.learn(JOB, [Array.from({ length: 200_000 }, (_, index) => `line ${index}`).join("\n")]);
  secrets.learn(
    JOB,
    Array.from({ length: 500 }, (_, index) => `junk-${index}`),
  );
  secrets.learn(JOB, ["real-one"]);
  assert.equal(masked(secrets, "it is real-one, not junk-499"), "it is ***, not ***");
  for (let index = 0; index < 2_000; index += 1) secrets.learn(JOB, [`more-${index}-`]);
  assert.equal(warned.length, 1, "said once");
  assert.equal(masked(secrets, "more-1999- more-1-"), "more-1999- ***");
  await secrets.settled(JOB);
  const { values, isOver } = written.at(-1) ?? NONE;
  assert.deepEqual([values.length, isOver, await secrets.isOver(JOB)], [512, true, true]);
  assert.ok(written.length < 5, "one write holds what was named meanwhile");
});

test("of a long value that a script named the likely forms are masked", () => {
  const { secrets } = opened();
  const long = `-----BEGIN KEY-----\n${'MIIE"vQIBADANBg\n'.repeat(100)}-----END KEY-----`;
  secrets.learn(JOB, [long]);
  assert.match(masked(secrets, long), /^(\*\*\*\n)+\*\*\*$/);
  assert.equal(masked(secrets, JSON.stringify({ key: long })), '{"key":"***"}');
  assert.match(masked(secrets, Buffer.from(long).toString("base64")), /^\*\*\*=*$/);
});
