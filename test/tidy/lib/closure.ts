import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../../../scripts/lib/root.ts";
import { importsOf, packageOf } from "./imports.ts";
import { table } from "./layers.ts";

/**
 * What loading a file loads: our files (paths relative to the repository) and everything else by its specifier. Types are
 * erased and `import()` waits, so neither counts.
 */
export function staticClosure(entry: string): {
  readonly files: ReadonlySet<string>;
  readonly others: ReadonlySet<string>;
} {
  const files = new Set<string>();
  const others = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const text = readFileSync(join(root, file), "utf8");
    for (const found of importsOf(text)) {
      if (found.typeOnly || isCall(text, found.line, found.specifier)) continue;
      const next = resolve(file, found.specifier);
      if (next === null) others.add(found.specifier);
      else queue.push(next);
    }
  }
  return { files, others };
}

function isCall(text: string, line: number, specifier: string): boolean {
  const near = text
    .split("\n")
    .slice(line - 1, line + 2)
    .join("\n");
  return near.includes(`import("${specifier}")`);
}

/** A file of ours, or null for packages of others. */
function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith(".")) return relative(root, join(root, dirname(from), specifier)).replaceAll("\\", "/");
  const name = packageOf(specifier);
  const row = name === null ? undefined : table[name];
  if (row === undefined || name === null) return null;
  const manifest = JSON.parse(readFileSync(join(root, row.folder, "..", "package.json"), "utf8")) as {
    exports: Record<string, string>;
  };
  const door = manifest.exports[specifier === name ? "." : `.${specifier.slice(name.length)}`];
  const file = door === undefined ? "" : join(row.folder, "..", door);
  if (!existsSync(join(root, file))) throw new Error(`${from}: ${specifier} leads nowhere`);
  return file.replaceAll("\\", "/");
}
