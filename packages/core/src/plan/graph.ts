/** A node of the graph, as far as order is concerned. */
export type GraphNode = { readonly id: string; readonly needs: readonly string[] };

export type GraphProblem =
  | { readonly is: "unknown"; readonly id: string; readonly need: string; readonly nearest: string | null }
  | { readonly is: "self"; readonly id: string }
  /** `path` starts and ends with the same id. */
  | { readonly is: "cycle"; readonly path: readonly string[] };

/** Every way in which the needs of a graph cannot be met. */
export function graphProblems(nodes: readonly GraphNode[]): GraphProblem[] {
  if (isInOrder(nodes)) return [];
  const ids = new Set(nodes.map(({ id }) => id));
  const problems: GraphProblem[] = [];
  for (const { id, needs } of nodes) {
    for (const need of needs) {
      if (need === id) problems.push({ is: "self", id });
      else if (!ids.has(need)) {
        problems.push({ is: "unknown", id, need, nearest: nearest(need, [...ids]) });
      }
    }
  }
  const cycle = findCycle(nodes);
  return cycle ? [...problems, { is: "cycle", path: cycle }] : problems;
}

/** Most graphs are written so that every node needs earlier ones only; nothing can be wrong with these. */
function isInOrder(nodes: readonly GraphNode[]): boolean {
  const earlier = new Set<string>();
  for (const { id, needs } of nodes) {
    for (const need of needs) if (need === id || !earlier.has(need)) return false;
    earlier.add(id);
  }
  return true;
}

/** One cycle of more than one node, or null. Depth first without recursion: graphs may have thousands of stages. */
function findCycle(nodes: readonly GraphNode[]): string[] | null {
  const needs = new Map(nodes.map((node) => [node.id, node.needs.filter((need) => need !== node.id)]));
  const done = new Set<string>();
  for (const { id: start } of nodes) {
    if (done.has(start)) continue;
    const trail: { id: string; next: number }[] = [{ id: start, next: 0 }];
    const open = new Set([start]);
    while (trail.length > 0) {
      const top = trail.at(-1)!;
      const need = needs.get(top.id)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        done.add(top.id);
        open.delete(top.id);
        trail.pop();
      } else if (open.has(need)) {
        const from = trail.findIndex(({ id }) => id === need);
        return [...trail.slice(from).map(({ id }) => id), need].reverse();
      } else if (!done.has(need) && needs.has(need)) {
        open.add(need);
        trail.push({ id: need, next: 0 });
      }
    }
  }
  return null;
}

/** The candidate that is most like `word`, if any is like it at all: "did you mean". */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  const wanted = word.toLowerCase();
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    if (Math.abs(lower.length - wanted.length) >= least) continue;
    const far = distance(wanted, lower);
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best;
}

/** How many letters differ (insert, delete, replace, swap neighbours). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, before[j - 2]! + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last.at(-1)!;
}
