import type { Problem, Query, SearchHit } from "@aither/protocol";
import { open } from "./call.ts";
import { ndjson } from "./ndjson.ts";
import { AitherError } from "./problem.ts";
import type { Transport } from "./transport.ts";

export type SearchOptions = Omit<
  { readonly [K in keyof Query<"searchOutput">]?: Query<"searchOutput">[K] | undefined },
  "q"
> & {
  readonly signal?: AbortSignal | undefined;
};

/** Lines of output that hold a text, as they are found. Whoever stops reading stops the search. */
export async function* search(
  transport: Transport,
  q: string,
  { signal, ...query }: SearchOptions = {},
): AsyncGenerator<SearchHit, void, undefined> {
  const reply = await open(transport, "searchOutput", { query: { q, ...query }, signal });
  try {
    for await (const line of ndjson<SearchHit | { readonly problem: Problem }>(reply.body)) {
      if ("problem" in line) throw new AitherError(line.problem);
      yield line;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
