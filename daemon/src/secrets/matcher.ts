/**
 * Finds any of many byte strings in one pass (Aho–Corasick). Its nodes lie in flat arrays: the forms of a few secrets are
 * tens of thousands of bytes, nearly all of them chains without a branch.
 */
const NEWLINE = 0x0a;
const ESCAPE = 0x1b;

const UNKNOWN = -1;

/** A node; 0 is the root, where nothing is expected. */
export type Node = number;

export class Matcher {
  /** Bytes of the longest string. */
  readonly longest: number;
  readonly #root = new Int32Array(256);
  /** Bytes that mean something where nothing is expected. */
  readonly #matters = new Uint8Array(256);
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #byte: Uint8Array;
  readonly #fail: Int32Array;
  readonly #depth: Int32Array;
  readonly #found: Int32Array;

  /** Of strings without a line feed; empty ones are passed over. */
  constructor(strings: readonly Uint8Array[]) {
    const nodes = 1 + strings.reduce((sum, one) => sum + one.length, 0);
    this.longest = strings.reduce((most, one) => Math.max(most, one.length), 0);
    this.#child = new Int32Array(nodes);
    this.#sibling = new Int32Array(nodes);
    this.#byte = new Uint8Array(nodes);
    this.#fail = new Int32Array(nodes).fill(UNKNOWN);
    this.#depth = new Int32Array(nodes);
    this.#found = new Int32Array(nodes);
    let count = 1;
    for (const string of strings) count = this.#add(string, count);
    for (const [byte, node] of this.#root.entries()) {
      this.#matters[byte] = node === 0 ? 0 : 1;
      this.#fail[node] = 0;
    }
    this.#matters[ESCAPE] = 1;
  }

  /** The node after one more byte. */
  step(node: Node, byte: number): Node {
    for (let at = node; at !== 0; at = this.#fail[at]!) {
      const next = this.#below(at, byte);
      if (next === 0) continue;
      if (this.#fail[next] === UNKNOWN) this.#link(next, at);
      return next;
    }
    return this.#root[byte]!;
  }

  /** How many of the last bytes may become a string. */
  depth(node: Node): number {
    return this.#depth[node]!;
  }

  /** Length of the longest string that ends here; 0: none does. */
  found(node: Node): number {
    return this.#found[node]!;
  }

  /** The first index from `from` on whose byte may begin a string or an escape sequence; the length when there is none. */
  skip(bytes: Uint8Array, from: number): number {
    const matters = this.#matters;
    let at = from;
    while (at < bytes.length && matters[bytes[at]!] === 0) at += 1;
    return at;
  }

  #below(node: Node, byte: number): Node {
    if (node === 0) return this.#root[byte]!;
    let child = this.#child[node]!;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child]!;
    return child;
  }

  #add(string: Uint8Array, firstFree: number): number {
    let free = firstFree;
    let node = 0;
    for (const byte of string) {
      if (byte === NEWLINE) throw new Error("no string that is looked for holds a line feed");
      let next = this.#below(node, byte);
      if (next === 0) {
        next = free;
        free += 1;
        this.#byte[next] = byte;
        this.#depth[next] = this.#depth[node]! + 1;
        this.#sibling[next] = this.#child[node]!;
        this.#child[node] = next;
        if (node === 0) this.#root[byte] = next;
      }
      node = next;
    }
    this.#found[node] = string.length;
    return free;
  }

  /**
   * Where to go on when the next byte does not fit, and what ends there besides. Found out when somebody first comes
   * there: few ever come far into a secret, and a matcher is made anew whenever a script names one more.
   */
  #link(node: Node, parent: Node): void {
    const fail = this.step(this.#fail[parent]!, this.#byte[node]!);
    this.#fail[node] = fail;
    this.#found[node] = Math.max(this.#found[node]!, this.#found[fail]!);
  }
}
