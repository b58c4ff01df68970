import type { Plugin } from "esbuild";

/**
 * With code splitting, `import("commonjs-package")` gives nothing but `default`, where Node gives all names. Each such
 * import is led through a module that exports the names that Node sees.
 */
export const namesOfLazyPackages: Plugin = {
  name: "names-of-lazy-packages",
  setup(builder) {
    builder.onResolve({ filter: /^[a-z@]/ }, (asked) =>
      asked.kind === "dynamic-import" && !/^(node:|@aither\/)/.test(asked.path)
        ? { path: asked.path, namespace: "lazy-package", pluginData: asked.resolveDir }
        : undefined,
    );
    builder.onLoad({ filter: /./, namespace: "lazy-package" }, async (asked) => {
      const names = Object.keys((await import(asked.path)) as object).filter((name) => /^[\w$]+$/.test(name));
      return {
        contents: `export { ${names.join(", ")} } from ${JSON.stringify(asked.path)};`,
        resolveDir: asked.pluginData as string,
      };
    });
  },
};
