// The one rule as data: import downward only, and only what this table allows.
import { builtinModules } from "node:module";
import { importsOf, packageOf } from "./imports.ts";
import { isTest } from "./sources.ts";
import type { Source } from "./sources.ts";

/**
 * How something may be imported. `types`: only as types. `lazily`: by `import()`, or as a type. `plain`: values only
 * through the package's main door, which imports nothing itself; types from anywhere.
 */
type Permission = "any" | "types" | "lazily" | "plain";

/** What a package of ours may import. */
export type Row = {
  readonly folder: string;
  readonly layer: number;
  readonly ours: Readonly<Record<string, Permission>>;
  readonly npm: Readonly<Record<string, Permission>>;
  /** Files that may use `node:`; null means none. */
  readonly node: RegExp | null;
  /** Dependencies that only some of its files may import. */
  readonly within?: Readonly<Record<string, RegExp>>;
  readonly because: string;
};

export const table: Readonly<Record<string, Row>> = {
  "@aither/protocol": {
    folder: "packages/protocol/src",
    layer: 1,
    ours: {},
    npm: { typebox: "any" },
    node: null,
    within: { typebox: /^(?!.*\/(routes|problem)\.ts$)/ },
    because: "shapes only: whoever speaks to us may import it anywhere, also in a browser",
  },
  "@aither/expression": {
    folder: "packages/expression/src",
    layer: 1,
    ours: {},
    npm: { "@actions/expressions": "any" },
    node: null,
    because: "a language is a pure function of its text and its context",
  },
  "@aither/core": {
    folder: "packages/core/src",
    layer: 2,
    ours: { "@aither/protocol": "types", "@aither/expression": "any" },
    npm: {},
    node: null,
    because: "the core decides; it must be replayable anywhere, so it brings no schema library and does no I/O",
  },
  "@aither/playbook": {
    folder: "packages/playbook/src",
    layer: 2,
    ours: { "@aither/protocol": "any", "@aither/expression": "any" },
    npm: { "js-yaml": "any", yaml: "lazily", "@actions/workflow-parser": "lazily", ajv: "any" },
    node: null,
    within: { ajv: /\/validate[^/]*\.ts$|\/validate\// },
    because: "it turns text into playbooks; callers bring the text, so that a page can use it",
  },
  "@aither/supervise": {
    folder: "packages/supervise/src",
    layer: 2,
    ours: {},
    npm: { execa: "any" },
    node: /./,
    because: "it knows attempts as files and processes, and nothing of jobs",
  },
  "@aither/engine": {
    folder: "packages/engine/src",
    layer: 3,
    ours: { "@aither/core": "any", "@aither/protocol": "plain" },
    npm: {},
    node: null,
    because: "it knows ports; whoever builds it brings disk, clock and processes, and the simulator brings fakes",
  },
  "@aither/client": {
    folder: "packages/client/src",
    layer: 3,
    ours: { "@aither/protocol": "plain", "@aither/core": "any" },
    npm: { undici: "any" },
    node: /\/(node|node-[a-z-]+|http1)\.ts$/,
    within: { undici: /\/node-[a-z-]+\.ts$/ },
    because: "one client for terminals, pages and scripts: only its Node entry may need Node",
  },
  daemon: {
    folder: "daemon/src",
    layer: 4,
    ours: {
      "@aither/engine": "any",
      "@aither/core": "any",
      "@aither/playbook": "any",
      "@aither/protocol": "any",
      "@aither/supervise": "any",
    },
    npm: {
      fastify: "any",
      "@fastify/websocket": "any",
      pino: "any",
      lowdb: "any",
      execa: "any",
      ajv: "any",
      ws: "types",
    },
    node: /./,
    because: "it composes adapters; what a command line needs is not its business",
  },
  cli: {
    folder: "cli/src",
    layer: 4,
    ours: {
      "@aither/client": "any",
      "@aither/core": "any",
      "@aither/playbook": "any",
      "@aither/protocol": "plain",
      "@aither/supervise": "lazily",
    },
    npm: { commander: "lazily", execa: "lazily", "@clack/prompts": "lazily" },
    node: /./,
    because: "it is thin: it speaks to the daemon through the client, and has no private powers",
  },
};

/** Tests beside the code may use the test tools; their package's own arrows bind them all the same. */
const testTools = new Set(["fast-check"]);
const builtins = new Set(builtinModules);

/** Every import that the table forbids, as `file:line: what, and why not`. */
export function violations(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const own = Object.entries(table).find(([, row]) => source.path.startsWith(`${row.folder}/`));
    if (own === undefined) return [];
    const [name, row] = own;
    return importsOf(source.text).flatMap((found) => {
      const reason = forbidden({
        name,
        row,
        path: source.path,
        ...found,
        lazy: isLazy(source.text, found.line, found.specifier),
      });
      return reason === null ? [] : [`${source.path}:${found.line}: ${reason}`];
    });
  });
}

type Question = {
  readonly name: string;
  readonly row: Row;
  readonly path: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly lazy: boolean;
};

function forbidden(question: Question): string | null {
  const { name, row, specifier } = question;
  const target = packageOf(specifier);
  if (target === null) return leavesItsPackage(question);
  if (target.startsWith("node:") || builtins.has(target)) {
    if (isTest(question.path) || row.node?.test(question.path) === true) return null;
    return `${name} may not use ${specifier}: ${row.because}`;
  }
  if (target === name) return `${name} imports itself by name; use a relative path`;
  const ours = target.startsWith("@aither/") || target === "aither" || target === "aitherd";
  if (!ours && isTest(question.path) && testTools.has(target)) return null;
  const permission = ours ? row.ours[target] : row.npm[target];
  if (permission === undefined) return `${name} may not import ${target}: ${arrow(question, target)}`;
  if (row.within?.[target]?.test(question.path) === false)
    return `${name} may not import ${target} in this file: ${row.because}`;
  if (permission === "any" || question.typeOnly) return null;
  if (permission === "lazily" && (question.lazy || isTest(question.path))) return null;
  if (permission === "types" && isTest(question.path)) return null;
  if (permission === "plain" && specifier === target) return null;
  if (permission === "plain" && isTest(question.path)) return null;
  const how =
    permission === "plain"
      ? "only through its main door"
      : permission === "types"
        ? "only as types"
        : "only by import(), when it is needed";
  return `${name} may import ${target} ${how}: ${row.because}`;
}

function arrow(question: Question, target: string): string {
  const other = table[target];
  if (other === undefined) return question.row.because;
  if (other.layer === question.row.layer)
    return `both are of layer ${other.layer}, and siblings do not know each other`;
  if (other.layer > question.row.layer)
    return `it would point upward, from layer ${question.row.layer} to ${other.layer}`;
  return question.row.because;
}

/** A relative path must stay inside the package's own `src`. */
function leavesItsPackage({ name, row, path, specifier }: Question): string | null {
  const parts = path.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  if (`${parts.join("/")}/`.startsWith(`${row.folder}/`)) return null;
  if (isTest(path) && parts[0] === "test") return null;
  return `${name} reaches out of its own folder: ${specifier}`;
}

function isLazy(text: string, line: number, specifier: string): boolean {
  const from = text
    .split("\n")
    .slice(line - 1, line + 2)
    .join("\n");
  return new RegExp(`\\bimport\\(\\s*["']${specifier.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}["']`).test(from);
}
