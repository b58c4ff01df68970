import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Diagnostic, NotEnforced, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** The same thing written in many ways: encodings, spellings and shapes that people and their tools make. */

describe("forms of playbooks", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    for (const name of ["0001_First", "0002_Second", "0402_Unit"]) {
      await cli.workspace.write(`automation-scripts/${name}.sh`, "#!/bin/sh\necho ran\n", 0o755);
    }
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const plan = async (file: string, text: string | Buffer): Promise<PlanView> => {
    await writeFile(join(cli.workspace.folder, "playbooks", file), text);
    return cli.json<PlanView>("playbooks", "plan", `playbooks/${file}`);
  };
  const data = async (name: string, value: object): Promise<PlanView> => plan(`${name}.json`, JSON.stringify(value));
  const v2 = (stages: unknown, more: object = {}) => ({ metadata: { name: "x" }, orchestration: { stages, ...more } });
  /** Stages with the numbers of their scripts, leg by leg. */
  const shape = ({ stages }: PlanView): string =>
    stages
      .map(({ id, legs }) => `${id}: ${legs.map((leg) => leg.scripts.map((one) => one.number).join(" ")).join(" | ")}`)
      .join("; ");
  const refused = async (file: string, text: string): Promise<string> => {
    await writeFile(join(cli.workspace.folder, "playbooks", file), text);
    const { code, stderr } = await cli.run(["orch", `playbooks/${file}`]);
    assert.equal(code, 2, stderr);
    return stderr;
  };
  const validated = async (file: string, text: string) => {
    await writeFile(join(cli.workspace.folder, "playbooks", file), text);
    const { stdout } = await cli.run(["playbooks", "validate", `playbooks/${file}`, "--json"]);
    return JSON.parse(stdout) as { diagnostics: Diagnostic[]; notEnforced: NotEnforced[] };
  };

  test("UTF-8 with and without its mark, UTF-16 in both orders, and all line ends", async () => {
    const utf16 = (text: string, order: "little" | "big"): Buffer => {
      const bytes = Buffer.from(`\uFEFF${text}`, "utf16le");
      return order === "little" ? bytes : bytes.swap16();
    };
    const psd1 = "@{\n  Name = 'é'\n  Sequence = @('0001', 402)\n}\n";
    const forms: readonly [string, string][] = [
      ["a.psd1", psd1],
      ["a.json", '{"name": "é", "sequence": ["0001", "402"]}\n'],
      ["a.yaml", 'name: "é"\nsequence:\n  - "0001"\n  - 402\n'],
    ];
    for (const [file, text] of forms) {
      const ends = [text, text.replaceAll("\n", "\r\n"), `\uFEFF${text}`];
      for (const written of [...ends, utf16(text, "little"), utf16(text, "big")]) {
        const found = await plan(file, written);
        assert.equal(`${found.name} ${shape(found)}`, "é main: 0001 0402", file);
      }
    }
    await cli.workspace.write("automation-scripts/x", "");
    const header = utf16("# Stage: Testing\n# Tags: wide\nWrite-Output 1\n", "little");
    await writeFile(join(cli.workspace.folder, "automation-scripts/0500_Wide.ps1"), header);
    const { scripts } = await cli.json<{ scripts: string[] }>("scripts", "select", "tag:wide");
    assert.deepEqual(scripts, ["0500"], "headers of scripts are read the same way");
  });

  test("merge keys of YAML are merged, and what is wrong in them has its place", async () => {
    const jobs = (base: string) =>
      `x-base: &base {${base}}\nmetadata: {name: m}\norchestration:\n  jobs:\n    a:\n      <<: *base\n      steps: [{run: "0001", retries: 1}]\n`;
    const found = await plan("m.yaml", jobs("timeout: 30"));
    assert.deepEqual(
      found.notEnforced.map(({ where }) => where),
      ["x-base"],
    );
    const timed = await cli.run(["orch", "m", "-q"]);
    assert.equal(timed.code, 0, timed.stderr);
    assert.match(await refused("m.yaml", jobs("timeout: soon")), /playbooks\/m\.yaml:1:25: .*timeout` must be seconds/);
  });

  test("keys that stand twice are said: an error in YAML and PowerShell data, a warning in JSON, where the last one counts", async () => {
    assert.match(await refused("d.yaml", "name: x\nname: y\nsequence: ['0001']\n"), /d\.yaml:2:1: .*duplicated/);
    assert.match(await refused("d.psd1", "@{ Name='x'; name='y'; Sequence=@('0001') }"), /d\.psd1:1:14: .*there twice/);
    const twice = '{"name": "x",\n "sequence": ["0001"],\n "sequence": ["0002"], "description": "a\\"b: c"}';
    const { diagnostics } = await validated("d.json", twice);
    const [first] = diagnostics;
    assert.deepEqual([first?.severity, first?.code, first?.line, first?.col], ["warning", "duplicate-key", 3, 2]);
    const once = await validated("d.json", '{"name": "x", "description": "a\\": \\"b", "sequence": ["0001"]}');
    assert.deepEqual(once.diagnostics, []);
  });

  test("a stage that needs one written behind it comes after that, and the others keep their order", async () => {
    const stage = (name: string, dependsOn?: string[]) => ({ name, sequence: ["0001"], dependsOn });
    const found = await data("n", v2([stage("b", ["a"]), stage("c"), stage("a"), stage("d")]));
    const order = found.stages.map(({ id, needs }) => [id, needs]);
    assert.deepEqual(order, [
      ["b", ["a"]],
      ["c", []],
      ["a", []],
      ["d", []],
    ]);
    assert.equal((await cli.run(["orch", "playbooks/n.json", "-q"])).code, 0);
    const { stdout } = await cli.run(["jobs", "events", "latest", "--json"]);
    const started = [...stdout.matchAll(/"type":"StageStarted".*?"stage":"(\w)"/g)].map(([, id]) => id);
    assert.deepEqual(started, ["a", "b", "c", "d"]);
  });

  test("a map of stages within `orchestration`, and v3's words in an old stage", async () => {
    const map = await data(
      "map",
      v2({ one: { sequence: ["0001"] }, two: { sequence: "0002", matrix: { a: [1, 2] } } }),
    );
    assert.equal(shape(map), "one: 0001; two: 0002 | 0002");
    assert.deepEqual([map.format, map.notEnforced], ["v2-stages", []]);
    const steps = [{ run: "0001" }, "0002", { script: "0402", workingDirectory: "playbooks" }];
    const old = await data("steps", v2([{ name: "s", steps }]));
    assert.equal(shape(old), "s: 0001 0002 0402");
    assert.deepEqual(old.notEnforced, []);
  });

  test("words of the model that a place has no meaning for do nothing there, and are listed", async () => {
    const top = { name: "x", orchestration: { note: 1 }, sequence: ["0001"], order: "sideways", jobs: 5 };
    const found = await data("top", top);
    assert.equal(shape(found), "main: 0001");
    const names = found.notEnforced.map(({ what }) => what).toSorted();
    assert.deepEqual(names, ["jobs", "orchestration"].concat(names.includes("order") ? ["order"] : []));
    const inner = v2([{ name: "s", sequence: ["0001"], after: 7, uses: ["x"] }], { jobs: ["0002"], order: "sideways" });
    const listed = await data("inner", inner);
    assert.equal(shape(listed), "s: 0001");
    assert.deepEqual(listed.notEnforced.map(({ what }) => what).toSorted(), ["after", "jobs", "order", "uses"]);
  });

  test("a stage that runs nothing is said", async () => {
    const { diagnostics } = await validated(
      "e.json",
      JSON.stringify(v2([{ name: "none" }, { name: "s", sequence: "0001" }])),
    );
    assert.deepEqual(
      diagnostics.map(({ severity, code, message }) => [severity, code, message]),
      [["warning", "empty-stage", "the stage none runs nothing"]],
    );
  });

  test("upstream's own words: EnableMatrix as text, retries of a whole file, time limits in minutes and as a clock", async () => {
    const dimensions = { os: ["l", "w"] };
    const enabled = (EnableMatrix: unknown) =>
      v2([{ name: "m", sequence: ["0001"], variables: { EnableMatrix, MatrixDimensions: dimensions } }]);
    assert.equal(shape(await data("on", enabled("true"))), "m: 0001 | 0001");
    assert.equal(shape(await data("off", enabled(false))), "m: 0001");
    const open = await data("open", enabled("{{maybe}}"));
    assert.match(open.notEnforced[0]?.where ?? "", /variables\.EnableMatrix$/);
    await cli.workspace.write("automation-scripts/0003_Fails.sh", "#!/bin/sh\nexit 1\n", 0o755);
    const words = "ErrorHandling = @{ MaxRetries = 2; RetryDelay = 0 }";
    await plan("retries.psd1", `@{ Name = 'retries'; ${words}; Sequence = @('0003') }`);
    assert.equal((await cli.run(["orch", "retries", "-q"])).code, 1);
    assert.match((await cli.run(["explain", "latest", "0003"])).stdout, /2 of 2 retries are used/);
    await cli.workspace.write("automation-scripts/0004_Sleeps.sh", "#!/bin/sh\nsleep 60\n", 0o755);
    for (const limit of [{ timeout: "00:00:01" }, { timeoutMinutes: 0.02 }, { timeout: "{{t}}" }]) {
      await data("late", v2([{ name: "s", sequence: ["0004"], ...limit }], { defaultVariables: { t: "1s" } }));
      assert.equal((await cli.run(["orch", "playbooks/late.json", "-q"])).code, 1, JSON.stringify(limit));
    }
  });

  test("a setting that a template makes into none is refused with its place, and so is one that only the run tells", async () => {
    const jobs = (more: object) => ({
      metadata: { name: "odd" },
      orchestration: {
        variables: { t: "soon" },
        jobs: {
          a: { outputs: { t: "1" }, steps: [{ run: "0001" }] },
          b: { needs: "a", steps: [{ run: "0002" }], ...more },
        },
      },
    });
    for (const [key, value] of [
      ["timeout", "{{t}}"],
      ["retries", "{{t}}"],
      ["maxParallel", "{{t}}"],
      ["timeout", "${{ needs.a.outputs.t }}"],
      ["retries", "${{ needs.a.outputs.t }}"],
      ["continueOnError", "${{ needs.a.outputs.t == '1' }}"],
    ] as const) {
      const message = await refused("odd.json", JSON.stringify(jobs({ [key]: value }), null, 2));
      assert.match(message, new RegExp(`odd\\.json:\\d+:\\d+: \`${key}\` must be`), `${key}: ${value}`);
    }
  });
});
