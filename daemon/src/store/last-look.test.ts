import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createDurableFs } from "@aither/supervise";
import { LastLook } from "./last-look.ts";

test("what has not changed since the last whole look of this boot is passed over, and nothing else", async (t) => {
  const state = await mkdtemp(join(tmpdir(), "aither-look-"));
  t.after(async () => rm(state, { recursive: true, force: true }));
  const [file, folder] = [join(state, "look.json"), join(state, "job")];
  await mkdir(folder);
  const look = (bootId = "boot"): LastLook => new LastLook({ fs: createDurableFs(), file, bootId });
  const passesOver = async (path = folder, bootId = "boot"): Promise<boolean> => (await look(bootId).begin())(path);
  const written = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;

  assert.equal(await passesOver(), false, "there was no look");
  const whole = look();
  await whole.begin();
  assert.equal((await written())["beganMs"], null);
  await whole.end();
  const last = await written();
  assert.ok(Math.abs(Number(last["beganMs"]) - Date.now()) < 60_000);
  assert.equal(await passesOver(), false, "a folder that changed as the look began");

  const later = { ...last, beganMs: Date.now() + 60_000 };
  const rows: [what: string, text: string, path: string, bootId: string, wanted: boolean][] = [
    ["unchanged", JSON.stringify(later), folder, "boot", true],
    ["changed since", JSON.stringify({ ...last, beganMs: Date.now() - 60_000 }), folder, "boot", false],
    ["gone", JSON.stringify(later), join(state, "none"), "boot", false],
    ["another boot", JSON.stringify(later), folder, "boot2", false],
    ["no boots are told apart", JSON.stringify({ ...later, bootId: "-" }), folder, "-", false],
    ["a look that did not end", JSON.stringify({ ...later, beganMs: null }), folder, "boot", false],
    [
      "a clock set back",
      JSON.stringify({ ...later, bootedMs: Number(last["bootedMs"]) + 10_000 }),
      folder,
      "boot",
      false,
    ],
    ["no JSON", "{", folder, "boot", false],
    ["something else", "null", folder, "boot", false],
    ["times that are none", JSON.stringify({ ...later, beganMs: "9e99" }), folder, "boot", false],
  ];
  for (const [what, text, path, bootId, wanted] of rows) {
    await writeFile(file, text);
    assert.equal(await passesOver(path, bootId), wanted, what);
    assert.equal((await written())["beganMs"], null, `${what}: it counts although it did not end`);
  }
});
