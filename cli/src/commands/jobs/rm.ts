import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { tellError } from "../../errors.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";

/** `aither jobs rm`: every job that can be removed is, whatever happens to the others. */
export async function remove(context: Context, input: Input): Promise<number> {
  const removed: number[] = [];
  let code: number = exit.done;
  for (const id of input.args) {
    try {
      removed.push(...(await context.client.call("removeJob", { params: { id } })).removed);
    } catch (error) {
      code = tellError(context.io, error, { json: context.json });
    }
  }
  if (context.json) await context.io.write(document({ removed }));
  else await context.io.lines(removed.map(String));
  return code;
}
