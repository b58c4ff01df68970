/** What comes over the wire to a client: heads, bodies, chunks, lines, problem documents, however they are cut. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import { AitherError } from "@aither/client/node";
import { exchange, type Address } from "../../../packages/client/src/http1.ts";
import { frames } from "../../../packages/client/src/frames.ts";
import { ndjson } from "../../../packages/client/src/ndjson.ts";
import { problemOf } from "../../../packages/client/src/problem.ts";
import { logs, rawLogs } from "../../../packages/client/src/logs.ts";
import { sha256 } from "../../../packages/client/src/sha256.ts";
import type { HttpReply, Transport } from "../../../packages/client/src/transport.ts";
import { problemLines } from "../../../cli/src/errors.ts";
import { createHash } from "node:crypto";
import { hostileValue } from "../lib/schema.ts";
import { stable, target, type Target } from "../lib/target.ts";
import { bytesOf, piecesOf, sentences } from "../lib/text.ts";

const address: Address = { where: "unix:///x", authority: "localhost", to: { path: "/x" }, token: null };
const isOurs = (error: unknown): boolean => error instanceof AitherError;

/** A socket that gives these bytes and swallows what is written. */
function socketOf(pieces: readonly Buffer[]): never {
  const socket = Readable.from(pieces, { objectMode: false });
  return Object.assign(socket, { write: () => true }) as never;
}

const cuts = fc.array(fc.nat(2_000), { maxLength: 6 });
const head = sentences([
  "HTTP/1.1 ",
  "200",
  "404",
  "100",
  "101",
  "204",
  " OK",
  "\r\n",
  "\r\n\r\n",
  "content-length: ",
  "5",
  "-1",
  "1e3",
  "99999999999",
  "transfer-encoding: chunked",
  "content-type: application/json",
  "__proto__: x",
  ":",
  "aither-protocol: 1",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "ffffffff\r\n",
  "g\r\n",
  "-5\r\n",
  "{}",
  "HTTP/1.0 200 OK\r\n\r\n",
]);
const whole = fc
  .tuple(fc.constantFrom(200, 202, 400, 404, 500), fc.string({ unit: "binary", maxLength: 60 }), fc.boolean())
  .map(([status, text, isChunked]) => {
    const bytes = Buffer.from(text);
    const start = `HTTP/1.1 ${status} X\r\n`;
    const body = isChunked
      ? Buffer.concat([
          Buffer.from(
            `transfer-encoding: chunked\r\n\r\n${bytes.length === 0 ? "" : `${bytes.length.toString(16)}\r\n`}`,
          ),
          bytes,
          Buffer.from(`${bytes.length === 0 ? "" : "\r\n"}0\r\n\r\n`),
        ])
      : Buffer.concat([Buffer.from(`content-length: ${bytes.length}\r\n\r\n`), bytes]);
    return { bytes: Buffer.concat([Buffer.from(start), body]), status, text: bytes };
  });

async function readWhole(reply: HttpReply): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of reply.body) parts.push(part);
  return Buffer.concat(parts);
}

/** Gives what was said, or an error of ours; never another one, and never something it was not told. */
async function exchanged(pieces: readonly Buffer[]): Promise<{ status: number; body: Buffer } | null> {
  try {
    const reply = await exchange(socketOf(pieces), address, { method: "GET", path: "/" });
    assert.ok(reply.status >= 200 && reply.status <= 999);
    return { status: reply.status, body: await readWhole(reply) };
  } catch (error) {
    if (!isOurs(error)) throw error;
    return null;
  }
}

const lineText = sentences([
  '{"script":"a","attempt":1,"offset":5,"text":"x"}',
  "\n",
  "{}",
  "null",
  "{",
  '"',
  "[",
  '{"offset":"x"}',
  "é",
  "1",
]);

/** A transport whose daemon says this once, and is gone afterwards. */
function saying(headers: Record<string, string>, pieces: readonly Buffer[]): Transport {
  let asked = 0;
  return {
    where: "unix:///x",
    request: async () => {
      asked += 1;
      if (asked > 1) throw new AitherError(problemOf(500, ""));
      return { status: 200, headers, body: Readable.from(pieces) };
    },
    socket: async () => {
      throw new Error("no sockets here");
    },
  };
}

async function consumed(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  try {
    for await (const _ of stream) count += 1;
  } catch (error) {
    if (!isOurs(error)) throw error;
  }
  return count;
}

const theme = { bad: String, warn: String, good: String, dim: String, bold: String } as never;

export const clientTargets: readonly Target[] = [
  target("client/http1", {
    covers: ["exchange"],
    share: 4,
    arbitrary: fc.tuple(bytesOf(head), cuts),
    property: async ([bytes, where]) => {
      const once = await exchanged(piecesOf(bytes, where));
      assert.deepEqual(await exchanged([bytes]), once, "it depends on how the bytes are cut");
    },
  }),
  target("client/http1-whole", {
    covers: ["exchange"],
    share: 3,
    arbitrary: fc.tuple(whole, cuts, fc.nat()),
    property: async ([{ bytes, status, text }, where, cut]) => {
      assert.deepEqual(await exchanged(piecesOf(bytes, where)), { status, body: text });
      const part = bytes.subarray(0, cut % bytes.length);
      const half = await exchanged(piecesOf(part, where));
      assert.equal(half, null, "a part of an answer passes for all of it");
    },
  }),
  target("client/ndjson", {
    covers: ["ndjson"],
    share: 5,
    arbitrary: fc.tuple(bytesOf(lineText), cuts),
    property: async ([bytes, where]) => {
      const count = await consumed(ndjson(Readable.from(piecesOf(bytes, where))));
      assert.equal(await consumed(ndjson(Readable.from([bytes]))), count);
    },
  }),
  target("client/ndjson-round", {
    covers: ["ndjson"],
    share: 4,
    arbitrary: fc.tuple(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 }), cuts),
    property: async ([values, where]) => {
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
      const read: unknown[] = [];
      for await (const value of ndjson(Readable.from(piecesOf(bytes, where)))) read.push(value);
      assert.deepEqual(read, JSON.parse(JSON.stringify(values)));
    },
  }),
  target("client/logs", {
    covers: ["logs", "rawLogs"],
    share: 3,
    arbitrary: fc.tuple(bytesOf(lineText), cuts, fc.constantFrom("0", "5", "x", "-1")),
    property: async ([bytes, where, offset]) => {
      const headers = { "aither-log-offset": offset };
      await consumed(logs(saying({}, piecesOf(bytes, where)), "1"));
      await consumed(rawLogs(saying(headers, piecesOf(bytes, where)), "1"));
    },
  }),
  target("client/frames", {
    covers: ["frames"],
    share: 3,
    arbitrary: fc.tuple(
      fc.array(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 })), { maxLength: 6 }),
      bytesOf(fc.constantFrom("", "1", "1 2\n", "1 -2\n", "x".repeat(40), "9 99999999999\n", "\n")),
      cuts,
    ),
    property: async ([wanted, behind, where]) => {
      const parts = wanted.flatMap(([end, bytes]) => [Buffer.from(`${end} ${bytes.length}\n`), bytes]);
      const read: [number, Uint8Array][] = [];
      try {
        const pieces = piecesOf(Buffer.concat([...parts, behind]), where);
        for await (const { end, bytes } of frames(Readable.from(pieces))) read.push([end, Uint8Array.from(bytes)]);
      } catch (error) {
        assert.ok(isOurs(error));
      }
      assert.deepEqual(read.slice(0, wanted.length), wanted);
    },
  }),
  target("client/problem", {
    covers: ["problemOf", "problemLines"],
    share: 5,
    arbitrary: fc.tuple(
      fc.constantFrom(400, 401, 403, 404, 500, 599),
      fc.oneof(
        sentences(["{", "}", '"code":"AITHER_E_NEW_ONE"', '"code":"X"', '"detail":"y"', ",", "<html>", "null", "[]"]),
        fc
          .record(
            {
              code: hostileValue,
              detail: hostileValue,
              status: hostileValue,
              hint: hostileValue,
              candidates: hostileValue,
              diagnostics: hostileValue,
            },
            { requiredKeys: [] },
          )
          .map((value) => JSON.stringify({ code: "AITHER_E_JOB_NOT_FOUND", detail: "d", ...value })),
      ),
    ),
    property: ([status, text]) => {
      const problem = stable(() => problemOf(status, text));
      for (const name of ["code", "title", "detail"] as const)
        assert.equal(typeof problem[name], "string", `its ${name}`);
      assert.ok(Number.isInteger(problem.status));
      for (const line of problemLines(problem, theme)) assert.equal(typeof line, "string");
      assert.match(new AitherError(problem).code, /^[A-Z_]+$/);
    },
  }),
  target("client/sha256", {
    covers: ["sha256"],
    share: 20,
    arbitrary: fc.string({ unit: "binary", maxLength: 300 }),
    property: (text) => assert.equal(sha256(text), createHash("sha256").update(text).digest("hex")),
  }),
];
