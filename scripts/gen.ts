// Writes what is printed from the shapes: schemas/, docs/events.md, docs/errors.md, docs/api.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generate } from "./lib/generate.ts";
import { root } from "./lib/root.ts";

for (const [path, text] of generate()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(path);
}
