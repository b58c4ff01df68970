import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * In Node 20 (V8 11.3) each object that `{ ...defaults, more }` makes gets a hidden class of its own: code that works on
 * such objects is compiled again and again, and never gets fast. js-yaml keeps its state in one, for each text. With a
 * spread of nothing before it all are of one class, which halves the time that reading YAML takes; the object is the same.
 */
export const steadyShapes: Plugin = {
  name: "steady-shapes",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]js-yaml[\\/]dist[\\/]js-yaml\.mjs$/ }, async ({ path }) => ({
      contents: withSteadyShapes(await readFile(path, "utf8"), path),
    }));
  },
};

/** `name` is only said in the error: there is nothing to do any more, and this can go. */
export function withSteadyShapes(text: string, name: string): string {
  const steady = text.replaceAll(/\{(\n\s+)\.\.\.(?=\w)/g, "{$1...null,$1...");
  if (steady === text) throw new Error(`${name} spreads nothing: take steady-shapes out`);
  return steady;
}
