import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folderReader } from "./folders.ts";

/** The clock of the file system goes on: what comes after a change is told from it. */
function tick(folder: string): void {
  const { ctimeMs } = statSync(folder);
  while (statSync(folder).ctimeMs === ctimeMs) chmodSync(folder, 0o700);
}

test("a folder is read again after each change, and only then", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "aither-folders-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const inner = join(folder, "inner");
  mkdirSync(inner);
  const read = folderReader(() => Date.now() + 60_000);
  const changes: (() => void)[] = [
    () => writeFileSync(join(inner, "b"), ""),
    () => mkdirSync(join(inner, "a")),
    () => symlinkSync("a", join(inner, "c")),
    () => renameSync(join(inner, "b"), join(inner, "d")),
    () => rmSync(join(inner, "d")),
    () => {
      rmSync(inner, { recursive: true });
      mkdirSync(inner);
    },
  ];
  for (const change of changes) {
    tick(inner);
    const before = read(inner);
    assert.equal(read(inner), before, "it was read again for nothing");
    change();
    const after = read(inner);
    assert.deepEqual(
      after.map(({ name, path }) => [name, path]),
      readdirSync(inner)
        .toSorted()
        .map((name) => [name, join(inner, name)]),
    );
  }
  rmSync(inner, { recursive: true });
  assert.deepEqual(read(inner), []);
  writeFileSync(inner, "");
  assert.deepEqual(read(inner), [], "a file is no folder");
});

test("kinds are told, and a folder that changed just now is not trusted", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "aither-folders-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "a"));
  symlinkSync("a", join(folder, "b"));
  writeFileSync(join(folder, "c"), "");
  const read = folderReader();
  assert.deepEqual(
    read(folder).map(({ kind }) => kind),
    ["folder", "link", "file"],
  );
  assert.notEqual(read(folder), read(folder));
  symlinkSync("loop", join(folder, "loop"));
  for (const none of ["loop", "c", "c/d", "none"]) assert.deepEqual(read(join(folder, none)), [], none);
});
