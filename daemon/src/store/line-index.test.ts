import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { appendFile, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BLOCK_LINES, LineIndex, LineIndexes } from "./line-index.ts";

const folder = mkdtempSync(join(tmpdir(), "aither-lines-"));
after(() => rmSync(folder, { recursive: true }));

test("every 256th line is where it is, while the log grows by any pieces, and each byte is read once", async () => {
  const path = join(folder, "grows");
  await writeFile(path, "");
  const index = new LineIndex(null);
  let read = 0;
  const opening = async () => {
    const handle = await open(path, "r");
    const inner = handle.read.bind(handle) as unknown as (...given: unknown[]) => Promise<{ bytesRead: number }>;
    return Object.assign(handle, {
      read: async (...given: unknown[]) => {
        const answer = await inner(...given);
        read += answer.bytesRead;
        return answer;
      },
    });
  };
  const starts: number[] = [0];
  let text = "";
  for (let round = 0; round < 400; round += 1) {
    const more = Array.from({ length: (round * 7) % 23 }, (_, at) => "x".repeat((round * at) % 40)).join("\n");
    for (let at = more.indexOf("\n"); at !== -1; at = more.indexOf("\n", at + 1)) starts.push(text.length + at + 1);
    text += more;
    await appendFile(path, more);
    // Two at once.
    await Promise.all([index.grow(opening, text.length), index.grow(opening, text.length)]);
    assert.equal(index.bytes, text.length);
    assert.equal(index.endedLines, starts.length - 1);
    assert.equal(index.lines, starts.length - (text.endsWith("\n") || text === "" ? 1 : 0));
  }
  assert.ok(starts.length > 8 * BLOCK_LINES);
  for (let line = 0; line < starts.length - 1; line += 1) {
    const { offset, skip } = index.placeOf(line);
    assert.equal(offset, starts[line - skip]);
    assert.ok(skip < BLOCK_LINES);
  }
  assert.equal(read, text.length);
});

test("very many lines cost bounded memory, and are still found", async () => {
  const path = join(folder, "many");
  const lines = 40_000_000;
  await writeFile(path, Buffer.alloc(lines, "\n"));
  const index = new LineIndex(null);
  await index.grow(async () => open(path, "r"), lines);
  assert.equal(index.lines, lines);
  for (const line of [0, 255, 256, 12_345_678, lines - 1]) {
    const { offset, skip } = index.placeOf(line);
    assert.equal(offset + skip, line);
    assert.ok(skip < 2 * BLOCK_LINES, String(skip));
  }
});

test("what was left out counts as the line that says so", async () => {
  const path = join(folder, "cut");
  for (const [head, places] of [
    ["a\nb\n", 2],
    ["a\nb", 2],
  ] as const) {
    await writeFile(path, Buffer.concat([Buffer.from(head), Buffer.alloc(5_000), Buffer.from("c\nd")]));
    const cut = { from: head.length, to: head.length + 5_000 };
    const index = new LineIndex(cut);
    await index.grow(async () => open(path, "r"), cut.to + 3);
    assert.deepEqual([index.lines, index.endedLines], [places + 3, places + 2]);
  }
});

test("only the last few are kept, and one whose hole moved is made anew", () => {
  const all = new LineIndexes(2);
  const first = all.of("a", null);
  assert.equal(all.of("a", null), first);
  all.of("b", null);
  assert.equal(all.of("a", null), first);
  all.of("c", null);
  assert.equal(all.of("a", null), first);
  assert.notEqual(all.of("a", { from: 1, to: 2 }), first);
  const again = all.of("a", { from: 1, to: 2 });
  assert.notEqual(all.of("a", { from: 1, to: 3 }), again);
});
