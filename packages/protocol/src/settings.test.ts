import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentSource, findSetting, settings, settingVariable, type SettingSource } from "./index.ts";

const from = (origin: SettingSource["origin"], values: Record<string, unknown>): SettingSource => ({
  origin,
  where: () => origin,
  values,
});

test("the first source that says something decides, and the default when none does", () => {
  const sources = [from("flag", {}), from("environment", { slots: 3 }), from("user", { slots: 9, keepDays: 30 })];
  assert.deepEqual(findSetting("slots", sources), {
    is: "value",
    value: 3,
    origin: "environment",
    where: "environment",
  });
  assert.deepEqual(findSetting("keepDays", sources), { is: "value", value: 30, origin: "user", where: "user" });
  assert.deepEqual(findSetting("keepJobs", sources), { is: "value", value: null, origin: "default", where: null });
});

test("a wrong value is told, and not passed over for a right one behind it", () => {
  const found = findSetting("slots", [from("environment", { slots: "many" }), from("user", { slots: 9 })]);
  assert.equal(found.is, "wrong");
  assert.match(found.is === "wrong" ? found.what : "", /^slots must be a whole number from 1 to 10000, not "many"$/);
});

test("every default is a value that may be set", () => {
  for (const [name, setting] of Object.entries(settings)) {
    const text = setting.default === null ? "none" : setting.default;
    assert.deepEqual(setting.read(text as never), { value: setting.default }, name);
  }
});

test("the environment speaks of every setting, in the words of a shell", () => {
  assert.equal(settingVariable("cacheBytesMax"), "AITHER_CACHE_BYTES_MAX");
  const env = { AITHER_KEEP_JOBS: "none", AITHER_CACHE_BYTES_MAX: "2GiB", AITHER_POOLS: '{"gpu":1}', AITHER_SLOTS: "" };
  const source = environmentSource(env);
  const value = (name: "keepJobs" | "cacheBytesMax" | "pools" | "slots"): unknown => findSetting(name, [source]);
  const told = (what: unknown, name: string): object => ({
    is: "value",
    value: what,
    origin: "environment",
    where: name,
  });
  assert.deepEqual(value("keepJobs"), told(null, "AITHER_KEEP_JOBS"));
  assert.deepEqual(value("cacheBytesMax"), told(2 * 1024 ** 3, "AITHER_CACHE_BYTES_MAX"));
  assert.deepEqual(value("pools"), told({ gpu: 1 }, "AITHER_POOLS"));
  assert.deepEqual(value("slots"), { is: "value", value: 256, origin: "default", where: null });
});
