import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/lib/root.ts";
import { read } from "./lib/sources.ts";
import type { Source } from "./lib/sources.ts";

const top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

function pages(): readonly Source[] {
  const isPage = (name: string): boolean => name.endsWith(".md");
  const named = top.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return [...named, ...read(["docs", "bench", "packages", "daemon", "cli", "test"], isPage)];
}

/** Headings as anchors, the way the usual viewers make them. */
function anchors(text: string): ReadonlySet<string> {
  const headings = text.split("\n").filter((line) => /^#{1,6} /.test(line));
  return new Set(
    headings.map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}

function brokenLinks(page: Source): readonly string[] {
  const prose = page.text.replaceAll(/```[\s\S]*?```/g, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
    const target = match[1] ?? "";
    if (/^[a-z]+:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page.path : join(dirname(page.path), path);
    if (!existsSync(join(root, file))) return [`${page.path}: ${target}: there is no such file`];
    if (anchor === undefined || !file.endsWith(".md")) return [];
    const text = path === "" ? page.text : readFileSync(join(root, file), "utf8");
    return anchors(text).has(anchor) ? [] : [`${page.path}: ${target}: there is no such heading`];
  });
}

/**
 * A test is named as `path/of/file.test.ts › words of its title`, in backticks; the title may be left out. In a package's
 * own page the path begins at its sources.
 */
function missingTests(page: Source): readonly string[] {
  return [...page.text.matchAll(/`([\w./-]+\.test\.ts)(?: › ([^`]+))?`/g)].flatMap((match) => {
    const [, path = "", title] = match;
    const file = [path, join(dirname(page.path), path), join(dirname(page.path), "src", path)].find((candidate) =>
      existsSync(join(root, candidate)),
    );
    if (file === undefined) return [`${page.path}: there is no ${path}`];
    if (title === undefined || readFileSync(join(root, file), "utf8").includes(title)) return [];
    return [`${page.path}: ${path} has no test "${title}"`];
  });
}

/** `npm run NAME` in a page must exist. */
function missingCommands(page: Source): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
  return [...page.text.matchAll(/npm run ([\w-]+(?::[\w-]+)*)/g)]
    .filter((match) => manifest.scripts[match[1] ?? ""] === undefined)
    .map((match) => `${page.path}: there is no "${match[0]}"`);
}

test("every link of a page leads somewhere", () => {
  assert.deepEqual(pages().flatMap(brokenLinks), []);
});

test("every test that a page names exists", () => {
  assert.deepEqual(pages().flatMap(missingTests), []);
});

test("every command that a page names exists", () => {
  assert.deepEqual(pages().flatMap(missingCommands), []);
});

test("every invariant of ARCHITECTURE.md names the test that holds it", () => {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const invariants = text.split(/\n(?=- \*\*I\d+ )/).slice(1);
  assert.ok(invariants.length >= 10, "the page states its invariants as list items that begin with **I1 …**");
  const bare = invariants.filter((item) => !/`[\w./-]+\.test\.ts/.test(item.split("\n\n")[0] ?? ""));
  assert.deepEqual(bare, []);
});

/** Of the page's section on what survives what: rows of its table, and items that say which test proves them. */
function survival(text: string): { readonly rows: number; readonly proofs: readonly string[] } {
  const section = text.split("## What survives what")[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| ")).length - 1;
  const list = section.split("Which test proves it:")[1]?.split("\n\n")[1] ?? "";
  return { rows, proofs: list.split(/\n(?=- )/) };
}

test("what operating.md says to survive is proved, row by row", () => {
  const { rows, proofs } = survival(readFileSync(join(root, "docs/operating.md"), "utf8"));
  assert.ok(rows >= 10, "the check must see the table");
  assert.deepEqual(
    proofs.filter((item) => !/`[\w./-]+\.test\.ts/.test(item)),
    [],
  );
  assert.ok(proofs.length >= rows, `${rows} rows and ${proofs.length} proofs`);
});

test("a planted broken link, test and command are seen", () => {
  const page = { path: "README.md", text: "[x](docs/nowhere.md) `test/tidy/nothing.test.ts › a` npm run nothing" };
  assert.equal(brokenLinks(page).length, 1);
  assert.equal(missingTests(page).length, 1);
  assert.equal(missingCommands(page).length, 1);
  assert.equal(missingTests({ path: "x.md", text: `\`test/tidy/docs.test.ts › no su${"ch"} title\`` }).length, 1);
});
