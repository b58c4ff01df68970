import type { PlanView } from "@aither/protocol";
import { laterText, scriptTitle } from "./tree.ts";
import type { Theme } from "./theme.ts";

/** `needs`: must have succeeded. `after`: must have ended. `within`: must have begun, and ends later. */
export type Edge = { readonly from: string; readonly to: string; readonly kind: "needs" | "after" | "within" };

export type Node = {
  readonly id: string;
  readonly name: string;
  /** 1 for stages that wait for nobody; else one more than the highest of those they wait for. */
  readonly level: number;
  readonly decision: PlanView["stages"][number]["decision"];
  readonly reason: string;
  /** What is decided when its turn comes; null when nothing is left to decide. */
  readonly condition: string | null;
  /** Names of the matrix legs; empty without a matrix, and where only the run knows them. */
  readonly legs: readonly string[];
  /** The stage that calls the playbook which has this one. */
  readonly within: string | null;
  /** How legs are made that only the run knows; null for all others. */
  readonly dynamic: string | null;
  /** Scripts of one leg. */
  readonly scripts: readonly string[];
};

export type Graph = { readonly name: string; readonly nodes: readonly Node[]; readonly edges: readonly Edge[] };

/** The plan as nodes and edges. */
export function graphOf({ name: title, stages: own, called, around }: PlanView): Graph {
  const stages = [
    ...own.flatMap((stage) => withParts(stage, called)),
    ...around.map((stage) => behindTheLast(stage, [...own, ...around])),
  ];
  const levels = levelsOf(stages);
  return {
    name: title,
    nodes: stages.map(({ id, name, decision, reason, condition, legs, dynamic, within }) => ({
      id,
      name,
      level: levels.get(id) ?? 1,
      decision,
      reason,
      condition,
      legs: legs.map((leg) => leg.name).filter((leg) => leg !== ""),
      within: within ?? null,
      dynamic: dynamic === undefined ? null : laterText(dynamic),
      scripts: (legs[0]?.scripts ?? dynamic?.scripts ?? []).map(scriptTitle),
    })),
    edges: stages.flatMap(({ id, needs, after, within }) => [
      ...(within === undefined || needs.length + after.length > 0
        ? []
        : [{ from: within, to: id, kind: "within" } as Edge]),
      ...needs.map((from): Edge => ({ from, to: id, kind: "needs" })),
      ...after.filter((from) => !needs.includes(from)).map((from): Edge => ({ from, to: id, kind: "after" })),
    ]),
  };
}

type Stage = PlanView["stages"][number] & { readonly within?: string };

/** A stage with those of the playbook that it calls, at any depth, right behind it. */
function withParts(stage: Stage, called: PlanView["called"]): Stage[] {
  const parts = called.filter(({ within }) => within === stage.id);
  return [stage, ...parts.flatMap((part) => withParts(part, called))];
}

/** What follows all stages is drawn behind the last ones alone. */
function behindTheLast(stage: Stage, all: readonly Stage[]): Stage {
  const waitedFor = new Set(
    all.filter(({ id }) => stage.after.includes(id)).flatMap(({ needs, after }) => [...needs, ...after]),
  );
  return { ...stage, after: stage.after.filter((id) => !waitedFor.has(id)) };
}

/** A plan has no cycles, and stages may need ones that are written below them. */
function levelsOf(stages: readonly Stage[]): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  let open = [...stages];
  while (open.length > 0) {
    const waiting = open.filter(({ id, needs, after, within }) => {
      const before = [...needs, ...after, ...(within === undefined ? [] : [within])];
      if (!before.every((one) => levels.has(one))) return true;
      levels.set(id, 1 + Math.max(0, ...before.map((one) => levels.get(one) ?? 0)));
      return false;
    });
    if (waiting.length === open.length) break;
    open = waiting;
  }
  return levels;
}

/** For people: a line a stage, in the order in which they can start. */
export function graphText(graph: Graph, theme: Theme): string[] {
  const lines = [theme.bold(graph.name)];
  const nodes = graph.nodes.toSorted((a, b) => a.level - b.level);
  let level = 0;
  for (const node of nodes) {
    const mark = node.level === level ? " ".repeat(4) : String(node.level).padStart(3).padEnd(4);
    level = node.level;
    const sign = theme.sign(node.decision === "run" ? "Pending" : node.decision === "skip" ? "Skipped" : "Queued");
    const named = node.name === node.id ? node.id : `${node.id} ${theme.dim(`(${node.name})`)}`;
    lines.push(`${theme.dim(mark)} ${sign} ${named}${theme.dim(before(graph, node))}`);
    const inside = `      `;
    if (node.legs.length > 0)
      lines.push(theme.dim(`${inside}matrix of ${node.legs.length}: ${some(node.legs, " · ")}`));
    if (node.dynamic !== null) lines.push(theme.dim(`${inside}${node.dynamic}`));
    if (node.condition !== null) lines.push(theme.dim(`${inside}if ${node.condition}`));
    else if (node.reason !== "") lines.push(theme.dim(`${inside}${node.decision}: ${node.reason}`));
    if (node.scripts.length > 0) lines.push(theme.dim(`${inside}runs ${some(node.scripts, ", ")}`));
  }
  return lines;
}

function before({ edges }: Graph, { id }: Node): string {
  const of = (kind: Edge["kind"]): string[] =>
    edges.filter((edge) => edge.to === id && edge.kind === kind).map(({ from }) => from);
  const [needs, after] = [of("needs"), of("after")];
  const within = of("within");
  return `${within.length > 0 ? `  ← within ${within.join(", ")}` : ""}${needs.length > 0 ? `  ← needs ${needs.join(", ")}` : ""}${after.length > 0 ? `  ← after ${after.join(", ")}` : ""}`;
}

const SHOWN_MAX = 6;

function some(names: readonly string[], between: string): string {
  const more = names.length > SHOWN_MAX ? `${between}and ${names.length - SHOWN_MAX} more` : "";
  return names.slice(0, SHOWN_MAX).join(between) + more;
}

/** A Mermaid flowchart: what GitHub and many editors draw. */
export function graphMermaid({ nodes, edges }: Graph): string[] {
  const keys = new Map(nodes.map(({ id }, index) => [id, `s${index + 1}`]));
  return [
    "flowchart TD",
    ...nodes.map((node) => `  ${keys.get(node.id)}["${labelOf(node).map(mermaidText).join("<br/>")}"]`),
    ...edges.map(({ from, to, kind }) => `  ${keys.get(from)} ${kind === "needs" ? "-->" : "-.->"} ${keys.get(to)}`),
    ...nodes
      .filter(({ decision }) => decision === "skip")
      .map(({ id }) => `  style ${keys.get(id)} stroke-dasharray: 5 5`),
  ];
}

function mermaidText(text: string): string {
  return text.replaceAll(/[&<>"#]/g, (sign) => `#${sign.codePointAt(0)};`);
}

/** Graphviz. */
export function graphDot({ name, nodes, edges }: Graph): string[] {
  return [
    `digraph ${dotText(name)} {`,
    "  node [shape=box];",
    ...nodes.map((node) => {
      const style = node.decision === "skip" ? ", style=dashed" : "";
      return `  ${dotText(node.id)} [label=${dotText(labelOf(node).join("\n"))}${style}];`;
    }),
    ...edges.map(
      ({ from, to, kind }) => `  ${dotText(from)} -> ${dotText(to)}${kind === "after" ? " [style=dashed]" : ""};`,
    ),
    "}",
  ];
}

function dotText(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function labelOf(node: Node): string[] {
  return [
    node.name,
    ...(node.legs.length > 0 ? [`matrix of ${node.legs.length}: ${some(node.legs, " · ")}`] : []),
    ...(node.dynamic === null ? [] : [node.dynamic]),
    ...(node.condition === null ? [] : [`if ${node.condition}`]),
    ...(node.decision === "skip" ? [`skipped: ${node.reason}`] : []),
  ];
}
