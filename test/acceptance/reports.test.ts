import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { all, noPython, parseHtml, parseXml } from "./lib/markup.ts";

/** A job as a document, in every format. */

type Conclusion = {
  readonly apiVersion: string;
  readonly conclusion: string | null;
  readonly jobs: Readonly<Record<string, { result: string | null; log: string[]; summary: string }>>;
  readonly annotations: readonly unknown[];
};

const FORMATS = ["md", "json", "junit", "html"] as const;

describe("reports", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const gate = (): string => join(cli.workspace.root, "gate");
  const report = async (format: string, ...more: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(["report", "latest", "--format", format, ...more]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });
  const mixed = async (): Promise<void> =>
    cli.playbook("mixed", {
      build: {
        name: "Build",
        outputs: { version: "${{ steps.version.outputs.v }}" },
        steps: [
          sh('echo "v=7" >> "$AITHER_OUTPUT"; echo one; echo two; echo "# Built" >> "$AITHER_SUMMARY"', {
            id: "version",
            name: "Version",
          }),
          sh("echo '::warning file=a.c,line=3,endLine=4,col=2,endColumn=9,title=Old::it is%0Aold'; exit 4", {
            id: "lint",
            name: "Lint",
            continueOnError: true,
          }),
          sh("echo ::add-mask::nobody; echo no id", { name: "Rest" }),
        ],
      },
      test: {
        name: "Test",
        needs: ["build"],
        failFast: false,
        matrix: { os: ["linux", "mac"], node: [20, 22] },
        steps: [
          sh('test "${{ matrix.os }}${{ matrix.node }}" != mac22 || { echo broken; exit 3; }', {
            id: "run",
            name: "Run",
          }),
        ],
      },
      again: { name: "Test (linux, 20)", needs: ["build"], steps: [sh("echo again", { name: "Again" })] },
      publish: {
        name: "Publish",
        needs: ["test"],
        matrix: { to: ["a", "b"] },
        steps: [sh("echo never", { id: "put", name: "Put" })],
      },
    });

  test("the conclusion document, word for word; on failure and on cancel", async () => {
    await mixed();
    assert.equal((await cli.run(["orch", "mixed", "-q"])).code, 1);
    const out = join(cli.workspace.root, "deep", "out.json");
    const { code, stdout } = await cli.run(["jobs", "status", "latest", "--report", out]);
    assert.equal(code, 0);
    assert.match(stdout, /mixed/);
    const log = (...lines: string[]) => ({ outputs: {}, summary: "", log: lines });
    const leg = (result: string, ...lines: string[]) => ({
      result,
      steps: { run: [result, result] },
      ...log(...lines),
    });
    assert.deepEqual(JSON.parse(await readFile(out, "utf8")), {
      apiVersion: "aither/v1",
      conclusion: "failure",
      jobs: {
        Build: {
          result: "success",
          steps: { version: ["success", "success"], lint: ["failure", "success"] },
          outputs: { version: "7" },
          summary: "# Built\n",
          log: ["one", "two", "::warning file=a.c,line=3,endLine=4,col=2,endColumn=9,title=Old::it is%0Aold", "no id"],
        },
        "Test (linux, 20)": leg("success"),
        "Test (linux, 22)": leg("success"),
        "Test (mac, 20)": leg("success"),
        "Test (mac, 22)": leg("failure", "broken"),
        "Test (linux, 20) #2": { result: "success", steps: {}, ...log("again") },
        Publish: { result: "skipped", steps: {}, ...log() },
      },
      annotations: [
        {
          level: "warning",
          message: "it is\nold",
          file: "a.c",
          line: 3,
          endLine: 4,
          col: 2,
          endColumn: 9,
          title: "Old",
        },
      ],
    });
    assert.deepEqual(JSON.parse(await report("json")), JSON.parse(await readFile(out, "utf8")));

    await cli.playbook("slow", {
      s: { steps: [sh(`echo up; while [ ! -e '${gate()}' ]; do sleep 0.02; done`, { id: "wait" })] },
    });
    await cli.run(["orch", "slow", "-d"]);
    await cli.run(["cancel", "latest"]);
    const cancelled = JSON.parse(await report("json")) as Conclusion;
    assert.equal(cancelled.conclusion, "cancelled");
    assert.equal(cancelled.jobs["s"]?.result, "cancelled");
  });

  test("a job that goes on has a report, which says so", async () => {
    await cli.playbook("slow", {
      s: { steps: [sh(`echo up; while [ ! -e '${gate()}' ]; do sleep 0.02; done`, { name: "Wait" })] },
    });
    const job = cli.start(["orch", "slow"]);
    await job.says(/up/);
    assert.match(await report("md"), /\*\*The job has not ended\.\*\*[^]*⟳ Running \| s \| Wait/);
    assert.match(await report("html"), /The job has not ended\./);
    assert.match(await report("junit"), /<skipped message="running: it has not ended"\/>/);
    const open = JSON.parse(await report("json")) as Conclusion;
    assert.deepEqual([open.conclusion, open.jobs["s"]?.result, open.jobs["s"]?.log], [null, null, ["up"]]);
    const { stderr } = await cli.run(["report", "-o", join(cli.workspace.root, "r.md")]);
    assert.match(stderr, /#1 goes on, so it is not the last word/);
    await cli.workspace.write("../gate", "");
    assert.equal((await job.ended).code, 0);
    assert.doesNotMatch(await report("md"), /has not ended/);
  });

  test(
    "JUnit's XML: a suite a leg, a case a script, and only what failed the job is a failure",
    { skip: noPython },
    async () => {
      await mixed();
      await cli.run(["orch", "mixed", "-q"]);
      const root = parseXml(await report("junit"));
      assert.equal(root.tag, "testsuites");
      const { tests, failures, errors, skipped } = root.attributes;
      assert.deepEqual([tests, failures, errors, skipped], ["10", "1", "0", "3"]);
      const suites = all(root, "testsuite");
      assert.deepEqual(
        suites.map(({ attributes }) => attributes["name"]),
        [
          "Build",
          "Test [os=linux, node=20]",
          "Test [os=linux, node=22]",
          "Test [os=mac, node=20]",
          "Test [os=mac, node=22]",
          "Test (linux, 20)",
          "Publish [to=a]",
          "Publish [to=b]",
        ],
      );
      const failed = suites[4]!.children.find(({ tag }) => tag === "testcase")!;
      assert.deepEqual(failed.attributes["classname"], "mixed.Test [os=mac, node=22]");
      assert.match(failed.attributes["time"] ?? "", /^\d+\.\d{3}$/);
      const [failure, output] = failed.children;
      assert.deepEqual(
        [failure!.tag, failure!.attributes["message"], failure!.text],
        ["failure", "ended with exit code 3", "attempt 1: exit code 3"],
      );
      assert.deepEqual([output!.tag, output!.text], ["system-out", "broken\n"]);
      const [, lint] = all(suites[0]!, "testcase");
      assert.match(lint!.children[0]!.attributes["message"] ?? "", /^failed: ended with exit code 4 \(tolerated\)/);
    },
  );

  test("the page is whole, well formed, and loads and runs nothing", { skip: noPython }, async () => {
    await mixed();
    await cli.run(["orch", "mixed", "-q"]);
    const text = await report("html");
    const elements = parseHtml(text);
    const named = (tag: string) => elements.filter((one) => one.tag === tag);
    for (const tag of ["script", "iframe", "object", "embed", "img", "base", "form", "input", "video", "audio"])
      assert.deepEqual(named(tag), [], tag);
    const [policy] = named("meta").filter((one) => one.attributes["http-equiv"] === "Content-Security-Policy");
    assert.match(policy!.attributes["content"] ?? "", /^default-src 'none';/);
    for (const { tag, attributes } of elements) {
      for (const [name, value] of Object.entries(attributes)) {
        assert.doesNotMatch(name, /^(on|src|action|formaction|background|poster|ping)/, `${tag} ${name}`);
        if (name === "href")
          assert.match(value, tag === "link" ? /^data:image\/svg\+xml;base64,/ : /^#/, `${tag} leads out`);
      }
    }
    assert.doesNotMatch(text, /@import|url\(|https?:\/\//i);
    const ids = elements.flatMap(({ attributes }) => attributes["id"] ?? []);
    assert.equal(new Set(ids).size, ids.length, "ids are there once");
    for (const { attributes } of named("a"))
      assert.ok(ids.includes((attributes["href"] ?? "").slice(1)), attributes["href"]);
    assert.equal(named("h1").length, 1);
    assert.equal(named("main").length, 1);
    assert.ok(named("th").every(({ attributes }) => attributes["scope"] === "col" || attributes["scope"] === "row"));
    const [level, what, where, script] = elements
      .slice(elements.findIndex(({ attributes }) => attributes["id"] === "annotations"))
      .filter(({ tag }) => tag === "td" || tag === "th")
      .slice(4, 8);
    assert.deepEqual(
      [level, what, where, script].map((cell) => cell?.text),
      ["warning", "Old it is\nold", "a.c:3:2", "Lint"],
    );
    const grid = named("table").find(({ attributes }) => attributes["class"] === "grid")!;
    assert.match(grid.text, /^Test 4 legs.*os \\ node.*20.*22.*linux.*completed.*mac.*completed.*failed/s);
    // A status is never a colour alone.
    for (const { text: word } of named("span").filter(
      ({ attributes }) => attributes["class"]?.startsWith("badge") === true,
    )) {
      assert.match(word, /^(completed|failed|tolerated|skipped|warning)$/);
    }
    assert.equal(
      named("details").filter((one) => "open" in one.attributes && one.text.includes("broken")).length,
      2,
      "the stage and the script that failed are open",
    );
  });

  test("what is typed wrong is said, and leaves nothing behind", async () => {
    await cli.playbook("one", { s: { steps: [sh("echo hi")] } });
    await cli.run(["orch", "one", "-q"]);
    const wrong = await cli.run(["report", "--format", "pdf"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--format "pdf" is none of those there are\n.*md, json, junit or html/s);
    assert.equal((await cli.run(["report", "nowhere"])).code, 4);
    const out = join(cli.workspace.root, "x.html");
    assert.equal((await cli.run(["report", "nowhere", "-o", out])).code, 4);
    await assert.rejects(stat(out));
    const folder = await cli.run(["report", "-o", join(cli.workspace.root, "w", "playbooks", "one.json", "r.md")]);
    assert.equal(folder.code, 2);
    assert.match(folder.stderr, /cannot be written/);
    // By the name of the file; one that is there is replaced.
    await cli.workspace.write("r.xml", "old");
    assert.equal((await cli.run(["report", "-o", "r.xml", "-q"])).code, 0);
    const odd = await cli.run(["report", "-o", "r.pdf"]);
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /no report is written as \.pdf: r\.pdf\n {2}end its name in \.md/);
    assert.match(await readFile(join(cli.workspace.folder, "r.xml"), "utf8"), /^<\?xml/);
    for (const format of FORMATS) assert.ok((await report(format)).length > 100);
  });
});
