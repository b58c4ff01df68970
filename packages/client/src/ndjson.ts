import { fail } from "./problem.ts";

/** Reads one JSON value a line. A last line without its line feed is a cut one and is left out. */
export async function* ndjson<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield parse(line) as T;
  }
}

/** Not the daemon's doing: somebody stands in between, or the address is another program's. */
function parse(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below.
  }
  throw fail("INTERNAL", `a line of the answer is no JSON object: ${line.slice(0, 80)}`);
}
