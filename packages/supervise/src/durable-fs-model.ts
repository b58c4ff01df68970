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
import {
  apply,
  contentOf,
  copy,
  current,
  describe,
  failure,
  namesOf,
  newDir,
  survivorsOf,
  type CrashOptions,
  type FileChange,
  type NameChange,
  type Node,
  type Nodes,
  type Operation,
} from "./crash-nodes.ts";
import type { RawFile, RawFs } from "./raw-fs.ts";

export type { CrashOptions } from "./crash-nodes.ts";

export type CrashState = {
  /** A disk as found after the crash; everything on it is durable, and it can crash again. */
  readonly disk: ModelDisk;
  /** What had been promised by then: the labels given to `mark`. */
  readonly marks: readonly string[];
  /** The last operation before the crash, for a message. */
  readonly after: string;
};

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
