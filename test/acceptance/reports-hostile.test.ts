import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { all, noPython, parseHtml, parseXml } from "./lib/markup.ts";

/** What scripts write and playbooks name is text in a report, and secrets are nowhere in it. */

const FORMATS = ["md", "json", "junit", "html"] as const;
/** Holds every mark that some format escapes. */
const SECRET = `se&cr<et>"wo'rd*_|\`x`;
const OTHER = "swordfish-99";
/** Left whole by no escaping, and by no cutting into coloured pieces. */
const FOUND = /o d%z @ar|o d%25z @ar|cr<et|cr&lt;et|&cr|wo'rd|wo&#39;rd|wordfish|sword.{0,2}fish|fish-99|c3dvcmRmaXNo/;

describe("reports", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const sh = (script: string, more: object = {}) => ({ shell: "bash", script, ...more });
  const reports = async (): Promise<Record<(typeof FORMATS)[number], string>> => {
    const texts: Record<string, string> = {};
    for (const format of FORMATS) {
      const { code, stdout, stderr } = await cli.run(["report", "latest", "--format", format]);
      assert.equal(code, 0, stderr);
      texts[format] = stdout;
    }
    return texts as Record<(typeof FORMATS)[number], string>;
  };
  const withoutEscapes = (text: string): string =>
    // oxlint-disable-next-line no-control-regex -- what a reader takes away
    text.replaceAll(/(?:\u001b|\\u001b)(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007]*?(?:\u0007|\\u0007))/g, "");

  test("no format shows a secret, however it is coloured, cut, escaped or put", async () => {
    const say = String.raw`
echo "plain $S and $F"; printf '%s' "$F" | base64
printf 'half \033[31m%s\033[0m%s\033[1m%s\033[0m\n' "${"$"}{F:0:4}" "${"$"}{F:4:3}" "${"$"}{F:7}"
printf 'title %s\033]0;x\007%s\n' "${"$"}{F:0:5}" "${"$"}{F:5}"
printf 'marks %s\033[31m%s\033[0m\n' "${"$"}{S:0:6}" "${"$"}{S:6}"
printf 'drawn %s\r%s\n' nothing "$F"
echo "out=$S" >> "$AITHER_OUTPUT"; echo "v=${"$"}{F}x" >> "$AITHER_OUTPUT"
printf '## %s\n* %s\033[31m%s\n' "$S" "${"$"}{F:0:5}" "${"$"}{F:5}" >> "$AITHER_SUMMARY"
echo "::warning file=$F,title=$F::half ${"$"}{P%%[%]*}%25${"$"}{P#*[%]}, as toolkits escape it"
mkdir -p "$F"; echo x > "$F/report.txt"; echo "::error title=$F::it was $S" >&2; echo "$F" >&2; exit 3`;
    await cli.playbook("leaky", {
      say: {
        name: `Say ${OTHER}`,
        outputs: { told: "${{ steps.say.outputs.out }}" },
        matrix: { word: [OTHER, "other"] },
        artifacts: "**/report.txt",
        steps: [sh(say, { id: "say", name: `It is ${OTHER}`, separateStderr: true })],
      },
      [OTHER]: { steps: [sh("true", { id: OTHER })] },
    });
    const env = { S: SECRET, F: OTHER, P: "o d%z @ar" };
    const ended = await cli.run(["orch", "leaky", "--summary", "-q", "-s", "S", "-s", "F", "-s", "P"], { env });
    assert.equal(ended.code, 1, ended.stderr);
    assert.doesNotMatch(ended.stdout + ended.stderr, FOUND);
    for (const [format, text] of Object.entries(await reports())) {
      assert.ok(text.includes("***") || text.includes(String.raw`\*\*\*`), format);
      assert.match(text, /plain \*\*\* and \*\*\*/, format);
      assert.doesNotMatch(text, FOUND, format);
      assert.doesNotMatch(withoutEscapes(text), FOUND, `${format} without its escape sequences`);
      assert.doesNotMatch(text.replaceAll(/<[^>]*>/g, ""), FOUND, `${format} without its elements`);
    }
    const { summaryFile } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.ok(summaryFile);
    const summary = await cli.workspace.text(summaryFile.slice(cli.workspace.root.length + 1));
    assert.match(summary, /## From the scripts[^]*## \*\*\*\n\* \*\*\*/);
    assert.doesNotMatch(summary, FOUND);
  });

  test("the cut between the beginning and the end of a long log gives no piece of a secret away", async () => {
    // Wherever the cut is, it is within one: there is nothing else.
    await cli.playbook("long", { s: { steps: [sh(`yes "$F$F" | head -c 30000000 | tr -d '\\n'; exit 3`)] } });
    await cli.run(["orch", "long", "-q", "-s", "F"], { env: { F: OTHER } });
    for (const [format, text] of Object.entries(await reports())) {
      assert.doesNotMatch(text.replace(/<style>.*<\/style>/s, ""), /swor|word|ordf|rdfi|dfis|fish|sh-9|-99/, format);
      if (format === "html" || format === "junit") assert.match(text, /… [\d.]+ MB left out here …/, format);
    }
  });

  test(
    "hostile names, reasons and output are text, and every format stays what it is",
    { skip: noPython },
    async () => {
      const evil = `</pre><script>alert(1)</script> ]]> <!-- "' | \`\`\` @all [x](http://evil.example) ![y](z) **b** \u202e`;
      const log = String.raw`
printf '%s\n' '</pre></details><script>alert(2)</script>' ']]></system-out>' '${"```"}' '| a | b |' '# Heading' '<img src=x onerror=alert(3)>' '&amp;&#60;'
printf '::error file=</td><img src=x onerror=alert(5)>,title=</table><script>alert(6)</script>::\033[31m</main>%%0A<script>alert(7)</script>\n'
printf 'nul\0bell\a back\b vt\v esc\033 c1\302\233x bad\377\376 high\355\240\200 nonchar\357\277\277\n'
printf 'a\r\nb\rc\n\033]8;;http://evil.example\033\\link\033]8;;\033\\ \033[999;999H\033[8mhidden\033[0m\n'
printf '# mine\n${"```"}js\nopen <script>alert(4)</script>\n' >> "$AITHER_SUMMARY"
ln -s /etc/passwd "$AITHER_SUMMARY.link"
exit 3`;
      await cli.playbook("hostile", {
        a: { name: evil, matrix: { m: [evil, "ok"] }, steps: [sh(log, { name: evil })] },
        b: {
          name: "| --- |",
          if: "always()",
          steps: [sh('rm -f "$AITHER_SUMMARY"; ln -s /etc/passwd "$AITHER_SUMMARY"; exit 5', { name: "1. link" })],
        },
      });
      assert.equal((await cli.run(["orch", "hostile", "-q", "--summary"])).code, 1);
      const { md, json, junit, html } = await reports();

      const page = parseHtml(html);
      assert.deepEqual(
        page.filter(({ tag }) => ["script", "img", "iframe"].includes(tag)),
        [],
      );
      assert.ok(page.every(({ attributes }) => Object.keys(attributes).every((name) => !name.startsWith("on"))));
      const logs = page.filter(({ tag }) => tag === "pre").map(({ text }) => text);
      const cells = page.filter(({ tag }) => tag === "td").map(({ text }) => text);
      assert.ok(
        cells.includes("</table><script>alert(6)</script> </main>\n<script>alert(7)</script>"),
        "an annotation",
      );
      assert.ok(logs.some((text) => text.includes("</pre></details><script>alert(2)</script>\n]]></system-out>\n")));
      assert.ok(logs.some((text) => text.includes("a\nc\nlink hidden")));
      // oxlint-disable-next-line no-control-regex -- nothing of it may be left
      assert.doesNotMatch(html + junit + md, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);

      const root = parseXml(junit);
      assert.deepEqual(
        root.children.map(({ tag }) => tag),
        ["testsuite", "testsuite", "testsuite"],
      );
      const [output] = all(root, "system-out");
      assert.match(output!.text, /<script>alert\(2\)<\/script>\n\]\]><\/system-out>\n```\n/);

      const names = Object.keys((JSON.parse(json) as { jobs: object }).jobs);
      assert.ok(names.includes(`${evil} (${evil})`), "JSON keeps it as it is");

      // Nothing of it begins a table, a heading, a link or an element of the summary's own.
      const [own = "", added = ""] = md.split("## From the scripts");
      const outsideOfCode = own.replaceAll(/^(`{3,})text\n[^]*?\n\1$/gm, "");
      assert.doesNotMatch(outsideOfCode, /<script|<!--|(?<!\\)\]\(http|(?<!\\)!\[|@all/);
      for (const line of outsideOfCode.split("\n").filter((one) => one.startsWith("|"))) {
        assert.ok([2, 4, 5, 6].includes(line.replaceAll(String.raw`\|`, "").split("|").length - 2), line);
      }
      assert.doesNotMatch(md, /root:x:0/, "no link is followed");
      assert.match(added, /open <script>alert\(4\)<\/script>\n```\n/, "the block that was left open is closed");
    },
  );
});
