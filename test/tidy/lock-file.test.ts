import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/root.ts";

type Entry = {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

type Lock = { readonly packages: Readonly<Record<string, Entry>> };

/**
 * Programs for other platforms are optional packages. A lock file that was made where one of them could not be found
 * leaves it out, and then `npm ci` refuses it, everywhere.
 */
function missingPlatforms(lock: Lock): readonly string[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => lock.packages[`node_modules/${name}`] === undefined)
      .filter((name) => lock.packages[`${path}/node_modules/${name}`] === undefined)
      .map((name) => `${path}: ${name}`),
  );
}

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;

test("the lock file names the packages of every platform", () => {
  assert.ok(Object.values(lock.packages).some((entry) => entry.optionalDependencies !== undefined));
  assert.deepEqual(missingPlatforms(lock), []);
});

test("the lock file names no registry", () => {
  const named = Object.values(lock.packages).filter((entry) => /^https?:/.test(entry.resolved ?? ""));
  assert.deepEqual(named, []);
});

test("versions are exact", () => {
  const folders = Object.keys(lock.packages).filter((path) => !path.includes("node_modules"));
  for (const folder of folders) {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<string, unknown>;
    const all = { ...(manifest["dependencies"] as object), ...(manifest["devDependencies"] as object) };
    const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)));
    assert.deepEqual(loose, [], folder);
  }
});

test("a planted gap is seen", () => {
  const planted = { packages: { "node_modules/a": { optionalDependencies: { "a-mac": "1.0.0" } } } };
  assert.deepEqual(missingPlatforms(planted), ["node_modules/a: a-mac"]);
});
