import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build, type Plugin } from "esbuild";
import { root } from "./root.ts";
import { steadyShapes, withSteadyShapes } from "./steady-shapes.ts";

function printed(...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("objects made with defaults are all of one class", () => {
  const text = `
    const defaults = { file: "", depth: 100 };
    const make = (at) => ({
      ...defaults,
      at,
      events: [],
    });
    let [last, others] = [make(0), 0];
    for (let at = 1; at < 400; at += 1) {
      const next = make(at);
      if (!%HaveSameMap(last, next)) others += 1;
      last = next;
    }
    console.log(others, JSON.stringify(last));
  `;
  assert.equal(
    printed("--allow-natives-syntax", "-e", withSteadyShapes(text, "x.mjs")),
    '0 {"file":"","depth":100,"at":399,"events":[]}\n',
  );
});

test("the bundled library reads and writes as it does unbundled", async () => {
  const folder = await mkdtemp(join(tmpdir(), "aither-steady-shapes-"));
  const program = `
    import { CORE_SCHEMA, dump, load, mergeTag, YAMLException } from "js-yaml";
    const schema = CORE_SCHEMA.withTags(mergeTag);
    const text = dump({ a: [1, "x", { b: null, c: true }], d: { e: "f: g", h: "0402" }, i: "line\\nline\\n" });
    const texts = [text, "a: &a {b: 1}\\nc: {<<: *a, d: yes}", "- 0o17\\n- 0x1f\\n- 1_0\\n- .5", "a: [1", "a: 1\\na: 2", "{{x}}: 1"];
    for (const one of texts) {
      try {
        console.log(JSON.stringify(load(one, { schema })));
      } catch (error) {
        if (!(error instanceof YAMLException)) throw error;
        console.log(error.reason, error.mark.line, error.mark.column);
      }
    }
    console.log(text);
  `;
  try {
    const ran = async (name: string, plugins: Plugin[]): Promise<string> => {
      const outfile = join(folder, `${name}.mjs`);
      const stdin = { contents: program, resolveDir: root };
      await build({ stdin, outfile, bundle: true, format: "esm", platform: "node", plugins, logLevel: "silent" });
      return printed(outfile);
    };
    const plain = await ran("plain", []);
    assert.match(plain, /"d":"yes"[\s\S]*duplicated mapping key[\s\S]*complex keys/);
    assert.equal(await ran("steady", [steadyShapes]), plain);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a library that spreads nothing any more is told, so that this can go", () => {
  assert.throws(() => withSteadyShapes("const state = { at };", "x.mjs"), /x\.mjs spreads nothing/);
});
