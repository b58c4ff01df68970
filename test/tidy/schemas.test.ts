import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "../../scripts/lib/generate.ts";
import { root } from "../../scripts/lib/root.ts";

for (const [path, text] of generate()) {
  test(`${path} is what the shapes print (npm run gen)`, () => {
    assert.ok(existsSync(join(root, path)), `${path} is missing`);
    const committed = readFileSync(join(root, path), "utf8").split("\n");
    const printed = text.split("\n");
    const line = printed.findIndex((expected, index) => expected !== committed[index]);
    assert.equal(committed[line], printed[line], `line ${line + 1}; run: npm run gen`);
    assert.equal(committed.length, printed.length, "run: npm run gen");
  });
}
