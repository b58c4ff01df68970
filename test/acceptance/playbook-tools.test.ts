import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Diagnostic, NotEnforced, PlanView, Playbook } from "@aither/protocol";
import { createPlaybookValidator } from "@aither/playbook/validate";
import { readPlaybook } from "@aither/playbook";
import { Cli } from "../rig/cli.ts";

/** What people do with playbooks besides starting them: convert, validate, graph, show, new. */

const v2 = {
  metadata: { name: "nightly", description: "Every night", category: "testing" },
  orchestration: {
    defaultVariables: { deep: false, place: "here" },
    integrations: { github: {} },
    profiles: { quick: { description: "Only the short part", excludeStages: ["Long"] } },
    stages: [
      { name: "Short", sequence: ["0402"], timeout: 30, variables: { what: "{{place}}" } },
      { name: "Long", sequence: ["0400-0499"], condition: "{{deep}} == true" },
    ],
  },
};

const psd1 = `@{
  Name = 'old-sequence'
  Sequence = @(
    @{ Script = '0402'; Parameters = @{ Verbose = $true }; Timeout = 60 }
    @{ Script = '0403'; ContinueOnError = $true }
  )
}
`;

const sh = (id: string, script = ":") => ({ id, shell: "sh", script });

type Validation = {
  valid: boolean;
  diagnostics: Diagnostic[];
  notEnforced: (NotEnforced & { file: string | null })[];
};

type GraphDocument = {
  name: string;
  nodes: { id: string; level: number; decision: string; condition: string | null; legs: string[] }[];
  edges: { from: string; to: string; kind: string }[];
};

describe("tools for playbooks", () => {
  let cli: Cli;
  before(async () => {
    cli = await Cli.create();
    const { workspace } = cli;
    await workspace.write("playbooks/nightly.json", JSON.stringify(v2, null, 2));
    await workspace.write("playbooks/old.psd1", psd1);
    for (const number of ["0402", "0403"]) {
      await workspace.write(`automation-scripts/${number}_Do-It.sh`, "#!/bin/sh\necho did it\n", 0o755);
    }
    await cli.playbook("fan", {
      build: { steps: [sh("make")] },
      test: { needs: ["build"], matrix: { os: ["linux", "mac"] }, steps: [sh("try")] },
      never: { needs: ["build"], if: "${{ 1 == 2 }}", steps: [sh("no")] },
      report: { after: ["test"], if: "${{ failure() }}", steps: [sh("say")] },
    });
  });
  after(async () => cli[Symbol.asyncDispose]());

  const planOf = async (name: string): Promise<unknown> => {
    const { format: _format, file: _file, notEnforced: _loose, ...plan } = await cli.json<PlanView>("plan", name);
    return plan;
  };

  test("list: a name that two have is refused by what would run it, and the list says what to type instead", async () => {
    await using two = await Cli.create();
    for (const folder of ["a", "b"]) await two.workspace.write(`playbooks/${folder}/ship.json`, JSON.stringify(v2));
    await two.workspace.write("playbooks/other.json", JSON.stringify({ ...v2, metadata: { name: "other" } }));
    const { stdout } = await two.run(["playbooks", "list", "-q"]);
    assert.deepEqual(stdout.trim().split("\n"), ["playbooks/a/ship.json", "playbooks/b/ship.json", "other"]);
    const refused = await two.run(["orch", "ship", "--dry-run"]);
    assert.equal(refused.code, 4);
    assert.match(
      refused.stderr,
      /`ship` is the name of 2 playbooks\n {2}playbooks\/a\/ship\.json\n {2}playbooks\/b\/ship\.json\n/,
    );
    assert.match(refused.stderr, /give the path/);
    const { code, stderr } = await two.run(["playbooks", "show", "playbooks/b/ship.json"]);
    assert.equal(code, 0, stderr);
  });

  describe("convert", () => {
    test("every format becomes v3, on stdout or in a file, and plans the same", async () => {
      for (const name of ["nightly", "old"]) {
        const original = await planOf(name);
        const printed = await cli.run(["playbooks", "convert", name]);
        assert.equal(printed.code, 0, printed.stderr);
        assert.match(printed.stdout, /^apiVersion: aither\/v1\n/);
        for (const out of [`${name}-new.yml`, `${name}-new.json`]) {
          const written = await cli.run(["playbooks", "convert", name, "-o", out]);
          assert.deepEqual([written.code, written.stdout], [0, ""], written.stderr);
          assert.match(written.stderr, new RegExp(`is now ${out}`));
          const text = await readFile(join(cli.workspace.folder, out), "utf8");
          assert.equal(text.startsWith("{"), out.endsWith(".json"));
          const read = readPlaybook(text, out);
          assert.ok(read.ok);
          assert.equal(read.format, "v3-jobs");
          assert.deepEqual(await planOf(`./${out}`), original, out);
        }
      }
    });

    test("what v3 has no words for is a note on stderr, and data with --json", async () => {
      const { stdout, stderr } = await cli.run(["playbooks", "convert", "nightly", "--to", "json"]);
      assert.match(
        stderr,
        /^note: playbooks\/nightly\.json: orchestration\.integrations: services outside are called by scripts of yours, with credentials of yours$/m,
      );
      assert.equal((JSON.parse(stdout) as Playbook).metadata.name, "nightly");
      const document = await cli.json<{ playbook: Playbook; notes: { what: string }[] }>(
        "playbooks",
        "convert",
        "nightly",
      );
      assert.deepEqual(Object.keys(document.playbook.orchestration.jobs), ["short", "long"]);
      assert.deepEqual(
        document.notes.map(({ what }) => what),
        ["orchestration.integrations"],
      );
    });

    test("a file that is there is replaced with --force only", async () => {
      await cli.workspace.write("precious.yml", "mine\n");
      const refused = await cli.run(["playbooks", "convert", "nightly", "-o", "precious.yml"]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /precious\.yml is there already\n.*--force/);
      assert.equal(await readFile(join(cli.workspace.folder, "precious.yml"), "utf8"), "mine\n");
      const forced = await cli.run(["playbooks", "convert", "nightly", "-o", "precious.yml", "--force"]);
      assert.equal(forced.code, 0, forced.stderr);
      assert.match(await readFile(join(cli.workspace.folder, "precious.yml"), "utf8"), /name: nightly/);
    });

    test("a syntax that does not fit, or none", async () => {
      for (const argv of [
        ["--to", "toml"],
        ["--to", "json", "-o", "x.yml"],
      ]) {
        const { code, stderr } = await cli.run(["playbooks", "convert", "nightly", ...argv]);
        assert.equal(code, 2);
        assert.match(stderr, /--to/);
      }
      assert.equal((await cli.run(["playbooks", "convert", "nihgtly"])).code, 4);
    });
  });

  describe("validate", () => {
    test("a finding looks like a compiler's, in each syntax", async () => {
      const cases = [
        [
          "bad.json",
          '{ "metadata": { "name": "bad" },\n  "orchestration": { "stages": [\n    { "name": "A", "timeout": "soon" } ] } }',
          3,
        ],
        [
          "bad.yml",
          "metadata: { name: bad }\norchestration:\n  jobs:\n    a:\n      timeout: soon\n      steps: []\n",
          5,
        ],
        ["bad.psd1", "@{\n  Sequence = @(\n    @{ Script = '0402'; Timeout = 'soon' }\n  )\n}\n", 3],
      ] as const;
      for (const [file, text, line] of cases) {
        await cli.workspace.write(file, text);
        const { code, stdout, stderr } = await cli.run(["playbooks", "validate", `./${file}`]);
        assert.equal(code, 2, stderr);
        const [what = "", source = "", squiggle = "", fix = ""] = stdout.split("\n");
        assert.match(what, new RegExp(`^${file}:${line}:\\d+: error\\[wrong-type\\]: .*imeout.* must be .*"soon"$`));
        assert.ok(source.startsWith(`  ${line} | `), source);
        const at = squiggle.indexOf("~");
        assert.match(source.slice(at, squiggle.length), /^["']?soon["']?$/, `${source}\n${squiggle}`);
        assert.match(fix, /^ {2}= write seconds or a time such as 5m$/);
      }
    });

    test("did you mean: a need, a key, a word; warnings of the schema refuse nothing", async () => {
      const text = (needs: string) =>
        `metadata: { name: slip }\norchestration:\n  jobs:\n    build:\n      retires: 2\n      backoff: { factor: 0.5 }\n` +
        `      steps: [{ id: s, shell: sh, script: ":" }]\n    test: { needs: [${needs}], steps: [{ run: "0402" }] }\n`;
      await cli.workspace.write("slip.yml", text("biuld"));
      const wrong = await cli.run(["playbooks", "validate", "./slip.yml"]);
      assert.equal(wrong.code, 2);
      assert.match(
        wrong.stdout,
        /^slip\.yml:5:7: warning\[unknown-key\]: `retires` .*\n.*\n.*~{7}\n {2}= did you mean retries\?$/m,
      );
      assert.match(wrong.stdout, /^slip\.yml:6:26: warning\[schema-minimum\]: /m);
      assert.match(wrong.stdout, /^slip\.yml:8:\d+: error\[unknown-need\]: .*`biuld`[\s\S]*= did you mean build\?$/m);
      await cli.workspace.write("slip.yml", text("build"));
      const fine = await cli.run(["playbooks", "validate", "./slip.yml"]);
      assert.equal(fine.code, 0, fine.stdout);
      assert.equal(fine.stdout.match(/retires`/g)?.length, 1, "it is said once");
      const plan = await cli.json<PlanView>("playbooks", "plan", "./slip.yml");
      assert.ok(plan.notEnforced.some(({ where }) => where === "orchestration.jobs.build.retires"));
    });

    test("words that a setting does not know", async () => {
      await cli.workspace.write(
        "words.yml",
        "metadata: { name: words }\norchestration:\n  order: sideways\n  undefinedVariables: maybe\n  jobs: { a: { steps: [] } }\n",
      );
      const { code, stdout } = await cli.run(["playbooks", "validate", "./words.yml"]);
      assert.equal(code, 2);
      assert.match(stdout, /^words\.yml:3:10: error\[wrong-value\]: .*order.* must be written or needs.*"sideways"$/m);
      assert.match(stdout, /^words\.yml:4:23: error\[wrong-value\]: .*undefinedVariables.* must be error or empty/m);
      const started = await cli.run(["orch", "./words.yml"]);
      assert.equal(started.code, 2, "what validate refuses is not started");
      assert.match(started.stderr, /words\.yml:3:10/);
    });

    test("--json has the promised shape; several playbooks make one document", async () => {
      const one = await cli.json<Validation & { apiVersion: string }>("playbooks", "validate", "nightly");
      assert.deepEqual(Object.keys(one), ["apiVersion", "valid", "diagnostics", "notEnforced"]);
      assert.equal(one.valid, true);
      assert.deepEqual(
        one.notEnforced.map(({ what, file }) => [what, file]),
        [["integrations", "playbooks/nightly.json"]],
      );
      await cli.workspace.write(
        "bad.yml",
        "metadata: { name: bad }\norchestration: { jobs: { a: { timeout: soon } } }\n",
      );
      const many = await cli.run(["playbooks", "validate", "nightly", "./bad.yml", "no-such", "--json"]);
      assert.equal(many.code, 2, "one of them is wrong, which says more than that one is not there");
      const { valid, diagnostics } = JSON.parse(many.stdout) as Validation;
      assert.equal(valid, false);
      assert.deepEqual(
        diagnostics.map(({ code, file, line }) => [code, file, line]),
        [
          ["wrong-type", "bad.yml", 2],
          ["playbook-not-found", null, null],
        ],
      );
      const keys = ["severity", "code", "message", "file", "line", "col", "endLine", "endCol", "fix"];
      for (const one of diagnostics) assert.deepEqual(Object.keys(one).toSorted(), keys.toSorted());
    });

    test("without a name, all playbooks of the workspace", async () => {
      const fine = await cli.run(["playbooks", "validate"]);
      assert.equal(fine.code, 0, fine.stdout);
      assert.match(fine.stderr, /all \d+ playbooks are valid/);
      await cli.workspace.write("playbooks/broken.yml", "metadata: [\n");
      const broken = await cli.run(["validate"]);
      assert.equal(broken.code, 2);
      assert.match(broken.stdout, /^playbooks\/broken\.yml:\d+:\d+: error\[yaml-syntax\]: /m);
      assert.match(broken.stderr, /1 of \d+ playbooks cannot be started/);
      await cli.workspace.write(
        "playbooks/broken.yml",
        "metadata: { name: b }\norchestration: { jobs: { a: { steps: [{ run: '0402' }] } } }\n",
      );
    });
  });

  describe("graph", () => {
    test("as data: levels, edges of both kinds, legs and conditions", async () => {
      const graph = await cli.json<GraphDocument>("playbooks", "graph", "fan");
      assert.deepEqual(
        graph.nodes.map(({ id, level, decision, legs }) => [id, level, decision, legs]),
        [
          ["build", 1, "run", []],
          ["test", 2, "run", ["os=linux", "os=mac"]],
          ["never", 2, "skip", []],
          ["report", 3, "undecided", []],
        ],
      );
      assert.equal(graph.nodes.at(-1)?.condition, "${{ failure() }}");
      assert.deepEqual(graph.edges, [
        { from: "build", to: "test", kind: "needs" },
        { from: "build", to: "never", kind: "needs" },
        { from: "test", to: "report", kind: "after" },
      ]);
    });

    test("as text, Mermaid and dot", async () => {
      const draw = async (...argv: string[]) => (await cli.run(["playbooks", "graph", "fan", ...argv])).stdout;
      const text = await draw();
      assert.match(text, /^ {2}1 .* build$/m);
      assert.match(text, /^ {2}2 .* test {2}← needs build\n {6}matrix of 2: os=linux · os=mac$/m);
      assert.match(text, /skip: .*does not hold/);
      assert.match(text, /^ {2}3 .* report {2}← after test\n {6}if \$\{\{ failure\(\) \}\}$/m);
      const mermaid = await draw("--format", "mermaid");
      assert.match(mermaid, /^flowchart TD\n {2}s1\["build"\]$/m);
      assert.match(mermaid, /^ {2}s1 --> s2$/m);
      assert.match(mermaid, /^ {2}s2 -\.-> s4$/m);
      assert.match(
        await draw("--format", "dot"),
        /^digraph "fan" \{\n[\s\S]*"test" -> "report" \[style=dashed\];\n\}$/m,
      );
      assert.equal((await cli.run(["playbooks", "graph", "fan", "--format", "png"])).code, 2);
    });

    test("old formats are drawn as they run: one after another", async () => {
      const { edges } = await cli.json<GraphDocument>("playbooks", "graph", "nightly");
      assert.deepEqual(edges, [{ from: "short", to: "long", kind: "after" }]);
    });
  });

  describe("show", () => {
    test("for people: what it is for, profiles, variables, stages, and how long it takes", async () => {
      const { code, stdout } = await cli.run(["playbooks", "show", "nightly"]);
      assert.equal(code, 0);
      assert.match(stdout, /^nightly \(v2-stages\)\nEvery night\n/);
      assert.match(stdout, /^category +testing$/m);
      assert.match(stdout, /^takes +no history yet$/m);
      assert.match(stdout, /^order +stages run one after another, as written$/m);
      assert.match(stdout, /^Profiles\n {2}quick +Only the short part +without Long$/m);
      assert.match(stdout, /^Variables\n {2}deep +false\n {2}place +here$/m);
      assert.match(
        stdout,
        /^ {2}1\. Short \(short\)\n {5}at most 30s\n {5}· 0402\n {2}2\. Long \(long\)\n {5}if \{\{deep\}\} == true$/m,
      );
    });

    test("single cells of a matrix are no vectors of it; a list counts what ran", async () => {
      const cells = { exclude: [{ os: "mac", node: 20 }], include: [{ os: "bsd" }] };
      const off = { if: "false", matrix: { os: ["linux", "mac"], node: [20, 22], ...cells } };
      const steps = [{ shell: "sh", script: ":" }];
      await cli.playbook("cells", { on: { steps }, off: { ...off, steps } });
      assert.match(
        (await cli.run(["playbooks", "show", "cells"])).stdout,
        /^ {5}matrix os: linux, mac × node: 20, 22; without \{"os":"mac","node":20\}; and \{"os":"bsd"\}$/m,
      );
      assert.equal((await cli.run(["orch", "cells", "-q"])).code, 0);
      assert.match((await cli.run(["ls", "-n", "1"])).stdout, /cells +1\/5 /);
    });

    test("the prediction is the median of completed runs", async () => {
      for (let run = 1; run <= 3; run += 1) {
        assert.equal((await cli.run(["orch", "nightly", "-q"])).code, 0);
        const said = run === 1 ? "the only completed run" : `median of the last ${run} completed runs`;
        const { stdout } = await cli.run(["playbooks", "show", "nightly"]);
        assert.match(stdout, new RegExp(`^takes +about [\\d.]+s \\(${said}\\)$`, "m"));
      }
    });

    test("--text is the file, byte for byte; --json is for programs", async () => {
      assert.equal((await cli.run(["playbooks", "show", "old", "--text"])).stdout, psd1);
      const shown = await cli.json<{ name: string; format: string; text: string; playbook: Playbook }>(
        "playbooks",
        "show",
        "old",
      );
      assert.deepEqual([shown.name, shown.format, shown.text], ["old-sequence", "psd1-sequence", psd1]);
      assert.ok(shown.playbook.orchestration.jobs);
      assert.equal((await cli.run(["playbooks", "show", "old", "--text", "--v3"])).code, 2);
    });
  });

  describe("new", () => {
    test("each template is valid, runs, and knows its schema", async () => {
      for (const from of ["basic", "matrix", "pipeline"]) {
        const made = await cli.run(["playbooks", "new", `from-${from}`, "--from", from]);
        assert.deepEqual([made.code, made.stdout], [0, `playbooks/from-${from}.yml\n`], made.stderr);
        const text = await readFile(join(cli.workspace.folder, `playbooks/from-${from}.yml`), "utf8");
        const [hint = ""] = text.split("\n");
        assert.equal(hint, "# yaml-language-server: $schema=../.aither/playbook.schema.json");
        const schema = await readFile(join(cli.workspace.folder, ".aither/playbook.schema.json"), "utf8");
        const read = readPlaybook(text, `from-${from}.yml`);
        assert.ok(read.ok);
        const validate = createPlaybookValidator(JSON.parse(schema) as object);
        assert.deepEqual(validate(JSON.parse(JSON.stringify(read.playbook))), []);
        const checked = await cli.run(["validate", `from-${from}`]);
        assert.deepEqual([checked.code, checked.stdout], [0, ""], "nothing to complain about");
        const ran = await cli.run(["orch", `from-${from}`, "--var", "who=you"]);
        assert.equal(ran.code, 0, ran.stderr);
        assert.match(ran.stdout, /you/);
      }
    });

    test("nothing is overwritten, whatever its ending", async () => {
      const before = await readFile(join(cli.workspace.folder, "playbooks/nightly.json"), "utf8");
      const { code, stderr } = await cli.run(["playbooks", "new", "nightly"]);
      assert.equal(code, 2);
      assert.match(stderr, /playbooks\/nightly\.json is there already/);
      assert.equal(await readFile(join(cli.workspace.folder, "playbooks/nightly.json"), "utf8"), before);
    });

    test("a name that is none, a template that is none", async () => {
      for (const argv of [["../evil"], ["x.yml"], [""], ["x", "--from", "nothing"]]) {
        assert.equal((await cli.run(["playbooks", "new", ...argv])).code, 2, argv.join(" "));
      }
    });
  });
});
