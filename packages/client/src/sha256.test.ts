import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "./sha256.ts";

test("the digest is SHA-256, at every length around a block's edge and beyond ASCII", () => {
  const texts = ["", "abc", "/home/jörg/⟳", ...Array.from({ length: 140 }, (_, length) => "x".repeat(length))];
  for (const text of texts) assert.equal(sha256(text), createHash("sha256").update(text).digest("hex"), text);
});
