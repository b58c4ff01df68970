import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { all, noPython, parseHtml, parseXml } from "./lib/markup.ts";

/** What a job failed of stands in every report and at the end of what was followed, also where no script failed; what is less stands apart. */

describe("reports name", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });
  const report = async (format: string): Promise<string> => (await cli.run(["report", "--format", format])).stdout;
  /** The part of a text between two headings. */
  const between = (text: string, from: string, to: string): string => {
    assert.ok(text.includes(from), from);
    const rest = text.slice(text.indexOf(from) + from.length);
    assert.ok(rest.includes(to), to);
    return rest.slice(0, rest.indexOf(to));
  };

  test("a stage whose matrix could not be made", { skip: noPython }, async () => {
    await cli.playbook("grown", {
      find: {
        steps: [sh('echo "cells=no <list>" >> "$AITHER_OUTPUT"', { id: "find" })],
        outputs: { cells: "${{ steps.find.outputs.cells }}" },
      },
      test: {
        name: "Test",
        needs: ["find"],
        matrix: { cell: "${{ fromJSON(needs.find.outputs.cells) }}" },
        steps: [sh(":")],
      },
    });
    const { code, stderr } = await cli.run(["orch", "grown"]);
    assert.equal(code, 1);
    const why = /no <list>|not JSON|JSON/;
    assert.match(between(stderr, "#1 grown", "again, without"), new RegExp(`Test — .*(${why.source})`));

    const root = parseXml(await report("junit"));
    const { tests, failures, errors } = root.attributes;
    assert.deepEqual([tests, failures, errors], ["2", "0", "1"]);
    const suite = all(root, "testsuite").find(({ attributes }) => attributes["name"] === "Test")!;
    assert.deepEqual([suite.attributes["tests"], suite.attributes["errors"]], ["1", "1"]);
    assert.match(all(suite, "error")[0]!.attributes["message"] ?? "", why);

    assert.match(between(await report("md"), "## What failed", "---\n\nMade by"), /### Test\n\n.*JSON/);
    const page = between(await report("html"), '<h2 id="failed">What failed', "</section>");
    assert.match(page, /href="#stage-2">Test<\/a>.*JSON/);
    assert.match((JSON.parse(await report("json")) as { jobs: { Test: { reason: string } } }).jobs.Test.reason, why);
  });

  test("criteria of the whole playbook", { skip: noPython }, async () => {
    await cli.orchestration("judged", {
      successCriteria: { minimumSuccessCount: 3 },
      jobs: { build: { steps: [sh(":"), sh(":")] } },
    });
    assert.equal((await cli.run(["orch", "judged", "-q"])).code, 1);
    const root = parseXml(await report("junit"));
    assert.deepEqual([root.attributes["tests"], root.attributes["errors"]], ["3", "1"]);
    assert.match(all(root, "error")[0]!.attributes["message"] ?? "", /3/);
  });

  test("what is tolerated stands apart from what counts, and alone where the job completed", async () => {
    await cli.playbook("lax", {
      lint: { steps: [sh("exit 4", { name: "Lint", continueOnError: true }), sh("exit 5", { name: "Break" })] },
    });
    assert.equal((await cli.run(["orch", "lax", "-q"])).code, 1);
    const text = await report("md");
    assert.match(between(text, "## What failed", "## Failed, and tolerated"), /### Break(?![^]*### Lint)/);
    assert.match(between(text, "## Failed, and tolerated", "---\n\nMade by"), /### Lint(?![^]*### Break)/);
    await cli.playbook("lax", { lint: { steps: [sh("exit 4", { name: "Lint", continueOnError: true })] } });
    assert.equal((await cli.run(["orch", "lax", "-q"])).code, 0);
    for (const format of ["md", "html"]) assert.doesNotMatch(await report(format), /What failed/);
    assert.match(between(await report("html"), '<h2 id="tolerated">', "</section>"), /Lint/);
  });

  test("warnings and errors of scripts, in Markdown, as text", async () => {
    await cli.playbook("warns", {
      build: {
        name: "Build",
        steps: [
          sh("echo '::warning file=a|b.c,line=3,title=Old::it is%0A**old** <b>'; echo ::notice::fine", {
            name: "Lint",
          }),
        ],
      },
    });
    await cli.run(["orch", "warns", "-q"]);
    const table = between(await report("md"), "## Warnings and errors\n\n", "\n---");
    assert.deepEqual(table.trimEnd().split("\n"), [
      "| Level | What | Where | Script |",
      "|---|---|---|---|",
      String.raw`| warning | Old: it is \*\*old\*\* &lt;b\> | a\|b.c:3 | Build › Lint |`,
      "| notice | fine |  | Build › Lint |",
    ]);
  });

  test("legs of a matrix by the dimensions that all have, and what one has besides", { skip: noPython }, async () => {
    await cli.playbook("grid", {
      t: {
        matrix: {
          os: ["linux", "mac"],
          node: [18, 20],
          include: [{ os: "linux", node: 18, cov: "yes" }],
          exclude: [{ os: "mac", node: 18 }],
        },
        steps: [sh("true")],
      },
    });
    await cli.run(["orch", "grid", "-q"]);
    const elements = parseHtml(await report("html"));
    const grid = elements.slice(elements.findIndex(({ attributes }) => attributes["class"] === "grid"));
    const cells = grid.filter(({ tag }) => tag === "th" || tag === "td").slice(0, 9);
    assert.deepEqual(
      cells.map(({ text }) => text.replace(/completed .*/, "✓")),
      [String.raw`os \ node`, "18", "20", "linux", "cov=yes✓", "✓", "mac", "–", "✓"],
    );
    // The narrow page names the column in each cell.
    assert.equal(cells[4]!.attributes["data-across"], "node 18");
  });
});
