import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { Chromium, findChromium, type Page } from "../rig/chromium.ts";
import { Cli } from "../rig/cli.ts";

/** The HTML report in a real browser, opened from the disk with no network at all: it is whole, usable and legible. */

const program = findChromium();
const none = program === null ? "skipped: there is no Chromium" : false;

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

type Violation = { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] };

/** What axe finds wrong. That it looked at all is shown by how much it found right. */
async function unfit(page: Page): Promise<readonly Violation[]> {
  await page.run(`${axe.source}; undefined`);
  const options = JSON.stringify({ runOnly: { type: "tag", values: rules } });
  const found = `axe.run(document, ${options}).then(({ violations, passes }) => ({ violations, right: passes.length }))`;
  const { violations, right } = await page.run<{ violations: Violation[]; right: number }>(found);
  assert.ok(right > 15, `axe found only ${right} rules kept`);
  return violations;
}

/** A report with stages that ended well, badly and not at all, a matrix, warnings and colours. */
async function reportOf(cli: Cli): Promise<string> {
  const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });
  await cli.playbook("mixed", {
    build: {
      steps: [
        sh('printf "\\033[31mred\\033[0m and \\033[1mbold\\033[0m\\n"; echo "# Built" >> "$AITHER_SUMMARY"', {
          name: "Build",
        }),
        sh("echo '::warning file=a.c,line=3,title=Old::it is old'; echo '<script>window.broken = 1</script>'", {
          name: "Lint",
        }),
      ],
    },
    test: {
      needs: ["build"],
      failFast: false,
      matrix: { os: ["linux", "mac"], node: [20, 22] },
      steps: [sh('test "${{ matrix.os }}${{ matrix.node }}" != mac22 || { echo broken; exit 3; }', { name: "Run" })],
    },
    publish: { needs: ["test"], steps: [sh("echo never", { name: "Put" })] },
  });
  assert.equal((await cli.run(["orch", "mixed", "-q"])).code, 1);
  const file = join(cli.workspace.root, "report.html");
  const { code, stderr } = await cli.run(["report", "latest", "--format", "html", "-o", file]);
  assert.equal(code, 0, stderr);
  return pathToFileURL(file).href;
}

test(
  "an HTML report needs nothing but its file, runs nothing of what scripts wrote, and no rule of accessibility is broken",
  { skip: none },
  async () => {
    await using cli = await Cli.create();
    const url = await reportOf(cli);
    // Every name resolves to nothing: whatever it would fetch, it would miss.
    await using browser = await Chromium.start(program ?? "", ["--host-resolver-rules=MAP * ~NOTFOUND"]);
    const page = await browser.open(url);
    await page.says(/mixed/);
    // What is folded away is looked at, too.
    await page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
    const text = await page.run<string>("document.body.textContent");
    for (const wanted of [/failed/, /linux/, /mac/, /it is old/, /<script>window/]) assert.match(text, wanted);
    assert.deepEqual(await page.run("performance.getEntriesByType('resource').map(({ name }) => name)"), []);
    assert.deepEqual(await page.run("window.violations"), []);
    assert.equal(await page.run("typeof window.broken"), "undefined");
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 390]) {
        await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
        // So high that nothing is below the fold: what is not drawn is not judged.
        const size = { width, height: 6_000, deviceScaleFactor: 1, mobile: false };
        await page.send("Emulation.setDeviceMetricsOverride", size);
        const wide = await page.run<number>(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        assert.equal(wide, 0, `${scheme}, ${width} px: the page itself scrolls sideways`);
        const found = await unfit(page);
        const told = found.map(
          ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join("\n  ")}`,
        );
        assert.deepEqual(told, [], `${scheme}, ${width} px`);
      }
    }
  },
);
