import { hasTemplate } from "@aither/expression";
import type { CacheRule, Json } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import type { InnerStep } from "./inner-step.ts";
import { type At, resolveValue, type Scope, textOf } from "./scope.ts";

/** What a step says of its cache, with variables and matrix filled in; undefined when its result is not kept. */
export function cacheOf(compiler: Compiler, step: InnerStep, scope: Scope, at: At): CacheRule | undefined {
  if (step.cache === undefined) return undefined;
  const { inputs = [], outputs = [], env = [], key = "" } = step.cache;
  const here = (name: string): At => ({ ...at, keys: [...at.keys, "cache", name] });
  const texts = (name: string, list: readonly string[]): string[] =>
    (compiler.take(resolveValue([...list], scope, here(name))) as Json[]).map(textOf);
  const rule = {
    inputs: texts("inputs", inputs),
    outputs: texts("outputs", outputs),
    env: [...env],
    key: textOf(compiler.take(resolveValue(key, scope, here("key")))),
  };
  const late = [...rule.inputs, ...rule.outputs, rule.key].find((text) => hasTemplate(text));
  if (late === undefined || compiler.lookedUp !== null) return rule;
  compiler.report(
    finding("late-cache", `\`cache\` cannot depend on what an earlier step tells: ${late}`, {
      fix: "give it to the step in `env` or `with`: their values count by themselves",
      part: at.part,
      keys: [...at.keys, "cache"],
    }),
  );
  return undefined;
}
