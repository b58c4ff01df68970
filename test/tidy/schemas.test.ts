import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "../../scripts/lib/generate.ts";
import { root } from "../../scripts/lib/root.ts";

for (const [path, text] of generate()) {
  test(`${path} is what the shapes print (npm run gen)`, () => {
    assert.ok(existsSync(join(root, path)), `${path} is missing`);
    assert.equal(readFileSync(join(root, path), "utf8"), text);
  });
}
