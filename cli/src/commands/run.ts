import type { Context } from "../context.ts";
import type { Input } from "../input.ts";
import { begin } from "./orch.ts";

/** `aither run 0402`, `aither 0402` */
export async function runScripts(context: Context, input: Input): Promise<number> {
  return begin(context, input, { selector: input.args.join(",") });
}
