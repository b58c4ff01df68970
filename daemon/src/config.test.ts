import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "./config.ts";
import { StartRefused } from "./store/format.ts";

test("settings that are no settings are refused by name, and never half taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ac-"));
  try {
    await mkdir(join(folder, "aither"));
    for (const text of ["null", "[]", "5", '"x"', '{"slots": [5]}', '{"slots": true}', '{"slots": 0}', "{"]) {
      await writeFile(join(folder, "aither", "config.json"), text);
      await assert.rejects(
        async () => readConfig([], { XDG_CONFIG_HOME: folder }),
        (error) => error instanceof StartRefused && error.problem.code === "AITHER_E_SETTING_INVALID",
        text,
      );
    }
    await writeFile(join(folder, "aither", "config.json"), '{"slots": 5}');
    assert.equal((await readConfig([], { XDG_CONFIG_HOME: folder })).slots, 5);
  } finally {
    await rm(folder, { recursive: true });
  }
});
