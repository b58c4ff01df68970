/** The daemon's source as one file, made anew for each test process: it starts ten times faster than through tsx. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { namesOfLazyPackages } from "../../scripts/lib/lazy-packages.ts";

/** A planted bug, or a listening device: in `file` (from the repository's root) `find` becomes `replace`. */
export type Patch = { readonly file: string; readonly find: string; readonly replace: string };

const bundles = new Map<string, Promise<string>>();

/** Path of a file that Node runs as it is. It goes when this process goes. */
export async function daemonBundle(patches: readonly Patch[] = []): Promise<string> {
  const key = JSON.stringify(patches);
  const made = bundles.get(key) ?? make(patches);
  bundles.set(key, made);
  return made;
}

/** Fails when a patch does not fit its file any more: a planted bug that is not planted proves nothing. */
function planting(patches: readonly Patch[]): Plugin {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  return {
    name: "planting",
    setup: (building) => {
      for (const file of new Set(patches.map((patch) => patch.file))) {
        const filter = new RegExp(`/${file.replaceAll(/[.\\]/g, "\\$&")}$`);
        building.onLoad({ filter }, () => {
          let contents = readFileSync(`${root}${file}`, "utf8");
          for (const patch of patches.filter((candidate) => candidate.file === file)) {
            if (!contents.includes(patch.find))
              throw new Error(`${file} has no ${JSON.stringify(patch.find)} any more`);
            contents = contents.replace(patch.find, () => patch.replace);
          }
          return { contents, loader: "ts" };
        });
      }
    },
  };
}

async function make(patches: readonly Patch[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "aither-bundle-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: ["main.ts", "search/search-worker.ts"].map((name) =>
      fileURLToPath(new URL(`../../daemon/src/${name}`, import.meta.url)),
    ),
    entryNames: "[name]",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    // CommonJS dependencies call `require`, which an ES module does not have.
    banner: { js: 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);' },
    logLevel: "warning",
    plugins: [planting(patches), namesOfLazyPackages],
  });
  return join(folder, "main.mjs");
}
