import type { Context } from "../../context.ts";
import { graphDot, graphMermaid, graphOf, graphText } from "../../display/graph.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { type Input, usage } from "../../input.ts";
import { playbookOf, startOptions } from "../../start.ts";

/** `aither playbooks graph`: who waits for whom. */
export async function graphPlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const format = input.text("format") ?? "text";
  if (format !== "text" && format !== "mermaid" && format !== "dot")
    throw usage(`--format ${format}: a graph is drawn as text, mermaid or dot`);
  if (context.json && input.text("format") !== undefined) throw usage("--json and --format want different things");
  const plan = await context.client.plan(
    playbookOf(input.args[0] ?? "", context.cwd),
    await startOptions(context, input),
  );
  const graph = graphOf(plan);
  if (context.json) await io.write(document(graph));
  else if (format === "mermaid") await io.lines(graphMermaid(graph));
  else if (format === "dot") await io.lines(graphDot(graph));
  else await io.lines(graphText(graph, io.theme));
  return exit.done;
}
