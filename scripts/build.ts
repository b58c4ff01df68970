// Bundles what ships: ES modules with code splitting, so that a hot command loads only its own chunk, and with
// every dependency inside, so that nobody's install can break us.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import type { BuildOptions, OutputFile, Plugin } from "esbuild";
import { namesOfLazyPackages } from "./lib/lazy-packages.ts";
import { root } from "./lib/root.ts";
import { steadyShapes } from "./lib/steady-shapes.ts";

type Bundle = {
  readonly name: string;
  readonly entries: readonly string[];
  readonly platform: "node" | "browser";
  /** One CommonJS file, which loads its `later` files (entries of another bundle) as ES modules when they are asked for. */
  readonly later?: RegExp;
};

const bundles: readonly Bundle[] = [
  // Node 20 spends a sixth of its own start on its ES module loader, so what is typed all day does without.
  { name: "cli", entries: ["cli/src/main.ts"], platform: "node", later: /\/(cold|node-websocket|node-autostart)\.ts$/ },
  {
    name: "cli",
    entries: ["cli/src/cold.ts", "packages/client/src/node-websocket.ts", "packages/client/src/node-autostart.ts"],
    platform: "node",
  },
  {
    name: "daemon",
    entries: [
      "daemon/src/main.ts",
      "daemon/src/exec/collect-main.ts",
      "daemon/src/exec/check-main.ts",
      "daemon/src/search/search-worker.ts",
    ],
    platform: "node",
  },
  { name: "client", entries: ["packages/client/src/node.ts"], platform: "node" },
  { name: "client", entries: ["packages/client/src/browser.ts"], platform: "browser" },
];

/** Files a running daemon may still want to load lazily are left alone for a day after a rebuild. */
const staleAfterMs = 24 * 3_600_000;

for (const bundle of bundles) await make(bundle);
await writeFile(join(root, "dist", ".built"), `${new Date().toISOString()}\n`);

async function make(bundle: Bundle): Promise<void> {
  const absent = bundle.entries.filter((entry) => !existsSync(join(root, entry)));
  if (absent.length > 0) {
    console.error(`build: ${bundle.name} is left out, there is no ${absent.join(", ")}`);
    return;
  }
  const next = join(root, "dist", `.next-${bundle.name}-${process.pid}`);
  try {
    const result = await build({ ...options(bundle), outdir: next, write: false });
    await mkdir(next, { recursive: true });
    const helpers = result.outputFiles.filter((file) => holdsHelpersOnly(file.text)).map((file) => basename(file.path));
    for (const file of result.outputFiles) {
      const plain = withoutImports(file.text, helpers);
      const text = bundle.name === "cli" ? withQuickBuiltins(plain) : plain;
      await writeFile(join(next, basename(file.path)), bundle.platform === "node" ? withRequire(text) : text);
    }
    await publish(next, join(root, "dist", bundle.name));
    report(bundle, result.outputFiles);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
}

function options(bundle: Bundle): BuildOptions {
  const shared: BuildOptions = {
    absWorkingDir: root,
    entryPoints: [...bundle.entries],
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    bundle: true,
    format: "esm",
    splitting: true,
    target: bundle.platform === "node" ? "node20.19" : "es2022",
    platform: bundle.platform,
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "warning",
    sourcemap: false,
  };
  if (bundle.platform === "browser") return { ...shared, external: ["node:*"] };
  if (bundle.later === undefined) return { ...shared, plugins: [namesOfLazyPackages, steadyShapes] };
  const plugins = [loadedLater(bundle.later), steadyShapes];
  return { ...shared, format: "cjs", splitting: false, outExtension: { ".js": ".cjs" }, plugins };
}

/** Leaves these imports as they are: they name files that another bundle puts beside this one. */
function loadedLater(files: RegExp): Plugin {
  return {
    name: "loaded-later",
    setup(builder) {
      builder.onResolve({ filter: files }, ({ path, kind }) =>
        kind === "dynamic-import" ? { path: `./${basename(path, ".ts")}.js`, external: true } : undefined,
      );
    },
  };
}

/** The bundler's own functions (`__require`, `__commonJS` …) do nothing by being loaded. */
function holdsHelpersOnly(text: string): boolean {
  return !/^\/\/ \S+\/|^import\b/m.test(text) && text.includes("var __defProp");
}

/** Chunks import the helpers also where they use none of them: one file less on the hot path. */
function withoutImports(text: string, names: readonly string[]): string {
  return names.reduce((rest, name) => rest.replaceAll(`import "./${name}";\n`, ""), text);
}

/**
 * An `import` of one of Node's own modules costs an ES module several milliseconds more than asking for it. The
 * constants go to the top, where the imports took effect.
 */
function withQuickBuiltins(text: string): string {
  const constants: string[] = [];
  const rest = text.replaceAll(/^import ([^;"]+?) from "(node:[^"]+)";$/gm, (_, clause: string, name: string) => {
    const pattern = clause.replace(/^\* as /, "").replaceAll(/ as /g, ": ");
    constants.push(`const ${pattern} = process.getBuiltinModule("${name}");`);
    return "";
  });
  const [first = "", ...others] = rest.split("\n");
  return first.startsWith("#!") ? [first, ...constants, ...others].join("\n") : [...constants, rest].join("\n");
}

/**
 * CommonJS dependencies call `require` for Node's own modules, which an ES module does not have. Only the chunks
 * that hold such code get one: the hot path stays free of it.
 */
function withRequire(text: string): string {
  if (!/\b__require\b/.test(text)) return text;
  const [first = "", ...rest] = text.split("\n");
  const line = 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);';
  return first.startsWith("#!") ? [first, line, ...rest].join("\n") : `${line}\n${text}`;
}

async function publish(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const fresh = new Set(await readdir(from));
  await cp(from, to, { recursive: true, force: true });
  for (const name of await readdir(to)) {
    if (fresh.has(name) || name === "browser.js" || name === "node.js") continue;
    const age = Date.now() - (await stat(join(to, name))).mtimeMs;
    if (age > staleAfterMs) await rm(join(to, name));
  }
}

function report(bundle: Bundle, files: readonly OutputFile[]): void {
  const kilobytes = files.reduce((sum, file) => sum + file.contents.length, 0) / 1024;
  console.error(`build: dist/${bundle.name}: ${files.length} files, ${kilobytes.toFixed(0)} KiB (${bundle.platform})`);
}
