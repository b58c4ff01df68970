/**
 * A disk that can lose power. It runs the very code that runs on the real one (`createDurableFs`),
 * writes down what was asked of it, and then yields every state a crash could leave behind:
 *
 *   what is in a file    since its last sync   kept · lost · half of a write · zeros instead of data
 *   what is in a folder  since its last sync   names kept up to some point, or any choice of them
 *
 * after every single operation. Recovery can be run on each of them; see the tests for the way.
 */
import { posix } from "node:path";
import type { RawFile, RawFs } from "./raw-fs.ts";

export type CrashOptions = {
  /** `ordered`: a journaling file system. `unordered`: names reach the disk in any choice. Default ordered. */
  readonly names?: "ordered" | "unordered";
  /** `reordered`: of several unsynced writes also the last alone, zeros before it. Default ordered. */
  readonly writes?: "ordered" | "reordered";
};

export type CrashState = {
  /** A disk as found after the crash; everything on it is durable, and it can crash again. */
  readonly disk: ModelDisk;
  /** What had been promised by then: the labels given to `mark`. */
  readonly marks: readonly string[];
  /** The last operation before the crash, for a message. */
  readonly after: string;
};

type FileChange =
  | { readonly kind: "write"; readonly bytes: Buffer; readonly position: number }
  | { readonly kind: "truncate"; readonly length: number };

type NameChange =
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
type Node = FileNode | DirNode | LinkNode;

type Operation =
  | { readonly kind: "node"; readonly node: number; readonly made: "file" | "dir" | string[] }
  | { readonly kind: "name"; readonly dir: number; readonly change: NameChange }
  | { readonly kind: "data"; readonly node: number; readonly change: FileChange }
  | { readonly kind: "sync"; readonly node: number; readonly failed: boolean }
  | { readonly kind: "mark"; readonly label: string };

type Nodes = Map<number, Node>;

const ROOT = 0;
const STATES_MAX = 200_000;

export class ModelDisk {
  readonly fs: RawFs;
  /** Makes an operation fail: return an errno name such as `ENOSPC` or `EIO`. */
  fault: (operation: string, path: string) => string | undefined = () => undefined;
  /** A write takes at most so many bytes. */
  writeBytesMax = Number.POSITIVE_INFINITY;
  readonly #start: Nodes;
  readonly #nodes: Nodes;
  readonly #trace: { readonly operation: Operation; readonly said: string }[] = [];

  constructor(start: Nodes = new Map([[ROOT, newDir()]])) {
    this.#start = copy(start);
    this.#nodes = copy(start);
    this.fs = this.#createFs();
  }

  /** Notes that something was promised to somebody: it must hold in every later crash state. */
  mark(label: string): void {
    this.#do({ kind: "mark", label }, `mark ${label}`);
  }

  /** Operations so far, as text. */
  get history(): readonly string[] {
    return this.#trace.map(({ said }) => said);
  }

  /** Every state that a crash after any operation so far can leave, each once per operation. */
  *crashStates(options: CrashOptions = {}): Generator<CrashState> {
    const nodes = copy(this.#start);
    const marks: string[] = [];
    let states = 0;
    const after = function* (said: string): Generator<CrashState> {
      const seen = new Set<string>();
      for (const survivors of survivorsOf(nodes, ROOT, options)) {
        const key = describe(survivors, ROOT);
        if (seen.has(key)) continue;
        seen.add(key);
        states += 1;
        if (states > STATES_MAX) throw new Error("too many crash states: make the run smaller");
        yield { disk: new ModelDisk(survivors), marks: [...marks], after: said };
      }
    };
    yield* after("the start");
    for (const { operation, said } of this.#trace) {
      if (operation.kind === "mark") marks.push(operation.label);
      else apply(nodes, operation);
      yield* after(said);
    }
  }

  #do(operation: Operation, said: string): void {
    if (operation.kind !== "mark") apply(this.#nodes, operation);
    this.#trace.push({ operation, said });
  }

  #check(operation: string, path: string): void {
    const code = this.fault(operation, path);
    if (code !== undefined) throw failure(code, path);
  }

  #make(made: "file" | "dir" | string[], path: string, operation: string): number {
    const [dir, name] = this.#parent(path);
    if (namesOf(this.#nodes, dir).has(name)) throw failure("EEXIST", path);
    this.#check(operation, path);
    const node = Math.max(...this.#nodes.keys()) + 1;
    this.#do({ kind: "node", node, made }, `${operation} ${path} (inode)`);
    this.#do({ kind: "name", dir, change: { kind: "set", name, node } }, `${operation} ${path}`);
    return node;
  }

  #sync(node: number, path: string, operation: string): void {
    const code = this.fault(operation, path);
    this.#do({ kind: "sync", node, failed: code !== undefined }, `${operation} ${path}`);
    if (code !== undefined) throw failure(code, path);
  }

  #unset(path: string, operation: string, wanted: (node: Node) => string | undefined): void {
    const [dir, name] = this.#parent(path);
    const refusal = wanted(this.#node(this.#child(dir, name, path)));
    if (refusal !== undefined) throw failure(refusal, path);
    this.#check(operation, path);
    this.#do({ kind: "name", dir, change: { kind: "unset", name } }, `${operation} ${path}`);
  }

  #node(id: number): Node {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`no such inode: ${id}`);
    return node;
  }

  #child(dir: number, name: string, path: string): number {
    const found = namesOf(this.#nodes, dir).get(name);
    if (found === undefined) throw failure("ENOENT", path);
    return found;
  }

  #parent(path: string): [number, string] {
    return [this.#resolve(posix.dirname(path)), posix.basename(path)];
  }

  #resolve(path: string, depth = 0): number {
    if (depth > 20) throw failure("ELOOP", path);
    let at = ROOT;
    let here = "/";
    for (const name of path.split("/").filter(Boolean)) {
      const found = this.#child(at, name, path);
      const node = this.#node(found);
      at = node.kind === "link" ? this.#resolve(posix.resolve(here, node.target), depth + 1) : found;
      here = posix.join(here, name);
    }
    return at;
  }

  #openFile(node: number, path: string): RawFile {
    const content = (): Buffer => contentOf(this.#node(node), path);
    const change = (what: FileChange): void => this.#do({ kind: "data", node, change: what }, `${what.kind} ${path}`);
    return {
      write: async (bytes, position) => {
        this.#check("write", path);
        const taken = Buffer.from(bytes.subarray(0, Math.min(bytes.length, this.writeBytesMax)));
        change({ kind: "write", bytes: taken, position });
        return taken.length;
      },
      size: async () => content().length,
      truncate: async (length) => {
        this.#check("truncate", path);
        change({ kind: "truncate", length });
      },
      datasync: async () => this.#sync(node, path, "datasync"),
      sync: async () => this.#sync(node, path, "sync"),
      close: async () => undefined,
    };
  }

  #createFs(): RawFs {
    return {
      open: async (path, how) => {
        const [dir, name] = this.#parent(path);
        const exists = namesOf(this.#nodes, dir).has(name);
        if (how === "create" || (how === "append" && !exists)) {
          return this.#openFile(this.#make("file", path, "create"), path);
        }
        const node = this.#resolve(path);
        contentOf(this.#node(node), path);
        return this.#openFile(node, path);
      },
      readFile: async (path) => contentOf(this.#node(this.#resolve(path)), path),
      readDir: async (path) => [...namesOf(this.#nodes, this.#resolve(path)).keys()].sort(),
      readLink: async (path) => {
        const node = this.#node(this.#child(...this.#parent(path), path));
        if (node.kind !== "link") throw failure("EINVAL", path);
        return node.target;
      },
      makeDir: async (path) => void this.#make("dir", path, "mkdir"),
      symlink: async (target, path) => void this.#make([target], path, "symlink"),
      rename: async (from, to) => {
        const [dir, name] = this.#parent(from);
        const [toDir, toName] = this.#parent(to);
        const node = this.#child(dir, name, from);
        this.#check("rename", from);
        const said = `rename ${from} ${to}`;
        if (dir === toDir) {
          const change: NameChange = { kind: "rename", from: name, to: toName, node };
          this.#do({ kind: "name", dir, change }, said);
        } else {
          const set: NameChange = { kind: "set", name: toName, node };
          this.#do({ kind: "name", dir: toDir, change: set }, said);
          this.#do({ kind: "name", dir, change: { kind: "unset", name } }, said);
        }
      },
      unlink: async (path) => this.#unset(path, "unlink", (node) => (node.kind === "dir" ? "EISDIR" : undefined)),
      removeDir: async (path) =>
        this.#unset(path, "rmdir", (node) => {
          if (node.kind !== "dir") return "ENOTDIR";
          return current(node).size > 0 ? "ENOTEMPTY" : undefined;
        }),
      syncDir: async (path) => this.#sync(this.#resolve(path), path, "syncDir"),
    };
  }
}

function apply(nodes: Nodes, operation: Exclude<Operation, { kind: "mark" }>): void {
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
function* survivorsOf(nodes: Nodes, id: number, options: CrashOptions): Generator<Nodes> {
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

function current(node: DirNode): Map<string, number> {
  return node.changes.reduce(renamed, node.durable);
}

function namesOf(nodes: Nodes, id: number): Map<string, number> {
  const node = nodes.get(id);
  if (node?.kind !== "dir") throw failure("ENOTDIR", String(id));
  return current(node);
}

function contentOf(node: Node, path: string): Buffer {
  if (node.kind !== "file") throw failure(node.kind === "dir" ? "EISDIR" : "EINVAL", path);
  return node.changes.reduce(written, node.durable);
}

function newNode(made: "file" | "dir" | string[]): Node {
  if (made === "file") {
    return { kind: "file", durable: Buffer.alloc(0), changes: [], forgotten: false };
  }
  return made === "dir" ? newDir() : { kind: "link", target: made[0] ?? "" };
}

function newDir(): DirNode {
  return { kind: "dir", durable: new Map(), changes: [] };
}

function copy(nodes: Nodes): Nodes {
  const copied: Nodes = new Map();
  for (const [id, node] of nodes) {
    copied.set(id, node.kind === "link" ? node : ({ ...node, changes: [...node.changes] } as Node));
  }
  return copied;
}

function describe(nodes: Nodes, id: number): string {
  const node = nodes.get(id);
  if (node?.kind === "link") return `>${node.target}`;
  if (node?.kind === "file") return node.durable.toString("base64");
  const names = [...(node?.durable ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${names.map(([name, child]) => `${name}:${describe(nodes, child)}`).join(",")}}`;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
