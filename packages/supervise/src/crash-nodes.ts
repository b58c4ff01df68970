/**
 * The inside of the modelled disk: files and folders as "what is durable" and "what was changed since",
 * and all the ways a crash can cut between the two. Pure data and pure functions.
 */
export type CrashOptions = {
  /** `ordered`: a journaling file system. `unordered`: names reach the disk in any choice. Default ordered. */
  readonly names?: "ordered" | "unordered";
  /** `reordered`: of several unsynced writes also the last alone, zeros before it. Default ordered. */
  readonly writes?: "ordered" | "reordered";
};

export type FileChange =
  | { readonly kind: "write"; readonly bytes: Buffer; readonly position: number }
  | { readonly kind: "truncate"; readonly length: number };

export type NameChange =
  | { readonly kind: "set"; readonly name: string; readonly node: number }
  | { readonly kind: "unset"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly node: number };

type FileNode = {
  readonly kind: "file";
  durable: Buffer;
  changes: FileChange[];
  /** After a failed sync the kernel believes the pages are clean: no later sync writes them. */
  forgotten: boolean;
};
type DirNode = { readonly kind: "dir"; durable: Map<string, number>; changes: NameChange[] };
type LinkNode = { readonly kind: "link"; readonly target: string };
export type Node = FileNode | DirNode | LinkNode;

export type Operation =
  | { readonly kind: "node"; readonly node: number; readonly made: "file" | "dir" | string[] }
  | { readonly kind: "name"; readonly dir: number; readonly change: NameChange }
  | { readonly kind: "data"; readonly node: number; readonly change: FileChange }
  | { readonly kind: "sync"; readonly node: number; readonly failed: boolean }
  | { readonly kind: "mark"; readonly label: string };

export type Nodes = Map<number, Node>;

export function apply(nodes: Nodes, operation: Exclude<Operation, { kind: "mark" }>): void {
  if (operation.kind === "node") {
    nodes.set(operation.node, newNode(operation.made));
    return;
  }
  const node = nodes.get(operation.kind === "name" ? operation.dir : operation.node);
  if (operation.kind === "name" && node?.kind === "dir") node.changes.push(operation.change);
  else if (operation.kind === "data" && node?.kind === "file") node.changes.push(operation.change);
  else if (operation.kind === "sync" && node?.kind === "dir") {
    if (operation.failed) return;
    node.durable = current(node);
    node.changes = [];
  } else if (operation.kind === "sync" && node?.kind === "file") {
    if (operation.failed) node.forgotten = true;
    if (node.forgotten) return;
    node.durable = contentOf(node, "");
    node.changes = [];
  }
}

/** All trees that may be left below a node, as complete sets of nodes. */
export function* survivorsOf(nodes: Nodes, id: number, options: CrashOptions): Generator<Nodes> {
  const node = nodes.get(id);
  if (node === undefined) return;
  if (node.kind === "link") yield new Map([[id, node]]);
  else if (node.kind === "file") {
    for (const durable of contentsAfterCrash(node, options)) {
      yield new Map([[id, { kind: "file", durable, changes: [], forgotten: false }]]);
    }
  } else {
    for (const names of namesAfterCrash(node, options)) {
      const own: Nodes = new Map([[id, { kind: "dir", durable: names, changes: [] }]]);
      yield* combine(nodes, [...new Set(names.values())], own, options);
    }
  }
}

function* combine(nodes: Nodes, children: readonly number[], so: Nodes, options: CrashOptions): Generator<Nodes> {
  const [child, ...rest] = children;
  if (child === undefined) {
    yield so;
    return;
  }
  for (const survivors of survivorsOf(nodes, child, options)) {
    yield* combine(nodes, rest, new Map([...so, ...survivors]), options);
  }
}

function* contentsAfterCrash(node: FileNode, options: CrashOptions): Generator<Buffer> {
  let content = node.durable;
  yield content;
  let zeroed = content;
  for (const [index, change] of node.changes.entries()) {
    if (change.kind === "write") {
      const { position, bytes } = change;
      yield written(content, { ...change, bytes: bytes.subarray(0, bytes.length >> 1) });
      zeroed = written(zeroed, { kind: "write", position, bytes: Buffer.alloc(bytes.length) });
      yield zeroed;
      // The later write made it, the earlier ones did not.
      const before = node.changes.slice(0, index);
      if (options.writes === "reordered" && before.length > 0) {
        yield written(
          before.reduce((so, one) => written(so, blank(one)), node.durable),
          change,
        );
      }
    } else zeroed = written(zeroed, change);
    content = written(content, change);
    yield content;
  }
}

function blank(change: FileChange): FileChange {
  return change.kind === "write" ? { ...change, bytes: Buffer.alloc(change.bytes.length) } : change;
}

function* namesAfterCrash(node: DirNode, options: CrashOptions): Generator<Map<string, number>> {
  const { changes, durable } = node;
  if (options.names !== "unordered") {
    for (let kept = 0; kept <= changes.length; kept += 1) {
      yield changes.slice(0, kept).reduce(renamed, durable);
    }
    return;
  }
  for (let choice = 0; choice < 2 ** changes.length; choice += 1) {
    yield changes.filter((_, index) => (choice >> index) & 1).reduce(renamed, durable);
  }
}

function written(content: Buffer, change: FileChange): Buffer {
  if (change.kind === "truncate") {
    return Buffer.concat([content], change.length);
  }
  const end = change.position + change.bytes.length;
  const grown = Buffer.concat([content], Math.max(content.length, end));
  change.bytes.copy(grown, change.position);
  return grown;
}

function renamed(names: Map<string, number>, change: NameChange): Map<string, number> {
  const next = new Map(names);
  if (change.kind === "set") next.set(change.name, change.node);
  else if (change.kind === "unset") next.delete(change.name);
  else {
    next.delete(change.from);
    next.set(change.to, change.node);
  }
  return next;
}

export function current(node: DirNode): Map<string, number> {
  return node.changes.reduce(renamed, node.durable);
}

export function namesOf(nodes: Nodes, id: number): Map<string, number> {
  const node = nodes.get(id);
  if (node?.kind !== "dir") throw failure("ENOTDIR", String(id));
  return current(node);
}

export function contentOf(node: Node, path: string): Buffer {
  if (node.kind !== "file") throw failure(node.kind === "dir" ? "EISDIR" : "EINVAL", path);
  return node.changes.reduce(written, node.durable);
}

function newNode(made: "file" | "dir" | string[]): Node {
  if (made === "file") {
    return { kind: "file", durable: Buffer.alloc(0), changes: [], forgotten: false };
  }
  return made === "dir" ? newDir() : { kind: "link", target: made[0] ?? "" };
}

export function newDir(): DirNode {
  return { kind: "dir", durable: new Map(), changes: [] };
}

export function copy(nodes: Nodes): Nodes {
  const copied: Nodes = new Map();
  for (const [id, node] of nodes) {
    copied.set(id, node.kind === "link" ? node : ({ ...node, changes: [...node.changes] } as Node));
  }
  return copied;
}

export function describe(nodes: Nodes, id: number): string {
  const node = nodes.get(id);
  if (node?.kind === "link") return `>${node.target}`;
  if (node?.kind === "file") return node.durable.toString("base64");
  const names = [...(node?.durable ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${names.map(([name, child]) => `${name}:${describe(nodes, child)}`).join(",")}}`;
}

export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
