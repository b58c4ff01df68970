import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { problems } from "@aither/protocol";
import { root } from "../../scripts/lib/root.ts";
import { mask } from "./lib/mask.ts";
import { isTest, typescript } from "./lib/sources.ts";

/** The table that people's scripts depend on. A change here breaks them. */
const promised: ReadonlyMap<number, string> = new Map([
  [0, "done; the job completed"],
  [1, "the job failed"],
  [2, "the command line, the playbook or a setting is wrong"],
  [3, "no daemon could be reached or started"],
  [4, "no such job, playbook, script"],
  [5, "refused"],
  [70, "a bug of ours"],
  [74, "the disk failed"],
  [75, "another daemon owns this home"],
  [78, "this Node is too old"],
  [124, "`wait --timeout` ran out"],
  [130, "the job was cancelled, or you stopped following"],
]);

test("the README lists every exit code, with these words, and no other", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const section = readme.split("## Exit codes")[1]?.split("\n## ")[0] ?? "";
  const rows = new Map(
    [...section.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map((match) => [Number(match[1]), match[2] ?? ""]),
  );
  assert.deepEqual([...rows.keys()], [...promised.keys()]);
  for (const [code, words] of promised) assert.ok(rows.get(code)?.includes(words), `${code}: ${words}`);
});

test("every problem of the catalogue ends with a promised code", () => {
  const codes = Object.entries(problems).filter(([, entry]) => !promised.has(entry.exit));
  assert.deepEqual(codes, []);
});

test("no code of ours ends a process with another number", () => {
  const sources = typescript("cli/src", "daemon/src").filter((source) => !isTest(source.path));
  const strange = sources.flatMap((source) =>
    [...source.text.matchAll(/\b(?:process\.exit\(|exitCode\s*=\s*)(\d+)\b/g)]
      .filter((match) => !promised.has(Number(match[1])))
      .map((match) => `${source.path}: ${match[0]}`),
  );
  assert.deepEqual(strange, []);
});

for (const name of ["aither", "a0", "aitherd"]) {
  test(`bin/${name} checks the Node version first, in syntax any Node parses, and ends with 78`, () => {
    const text = readFileSync(join(root, "bin", name), "utf8");
    const [hashbang = "", first = ""] = text.split("\n");
    assert.equal(hashbang, "#!/usr/bin/env node");
    assert.match(first, /process\.versions\.node/);
    assert.match(first, /process\.exit\(78\)/);
    const { code } = mask(text);
    assert.doesNotMatch(code, /=>|`|\b(?:const|let|class|async|await|import|export)\b|\?\.|\?\?|\.\.\./);
  });
}

test("a launcher says what is missing when Node is too old", async () => {
  const { runInNewContext } = await import("node:vm");
  const text = readFileSync(join(root, "bin", "aither"), "utf8")
    .split("\n")
    .slice(1)
    .join("\n");
  for (const [version, expected] of [
    ["18.20.4", 78],
    ["20.18.3", 78],
    ["21.7.0", 78],
    ["22.11.0", 78],
    ["23.9.0", 78],
    ["20.19.0", 0],
    ["22.12.0", 0],
    ["24.0.0", 0],
    ["26.1.0", 0],
  ] as const) {
    let said = "";
    let code = 0;
    const stop = new Error("exit");
    const fake = {
      versions: { node: version },
      version: `v${version}`,
      execPath: "node",
      emitWarning: () => {},
      exit: (given: number) => {
        code = given;
        throw stop;
      },
    };
    try {
      runInNewContext(text, {
        process: fake,
        console: { error: (words: string) => (said += words) },
        require: () => {},
      });
    } catch (error) {
      if (error !== stop) throw error;
    }
    assert.equal(code, expected, version);
    if (expected === 78) assert.match(said, new RegExp(`needs Node 20\\.19.*v${version.replaceAll(".", "\\.")}`));
  }
});
