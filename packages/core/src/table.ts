import { assert, present } from "./assert.ts";

/**
 * An immutable, ordered record for large jobs. `{...record, [key]: value}` copies every key; with 5,000 scripts and
 * five events each that is most of a daemon's life. A table keeps its values in chunks and shares the index of its
 * keys, so replacing one value copies a chunk and the list of chunks (about 150 pointers for 5,000 keys).
 * Order is the order of insertion. It is plain data: compare, walk and keep it freely.
 */
export type Table<Key extends string, Value> = {
  /** Position of each key; shared by every later version that has the same keys, and never changed. */
  readonly index: ReadonlyMap<Key, number>;
  readonly chunks: readonly (readonly Value[])[];
};

const chunkSize = 64;

export function tableOf<Key extends string, Value>(entries: Iterable<readonly [Key, Value]>): Table<Key, Value> {
  const index = new Map<Key, number>();
  const chunks: Value[][] = [];
  for (const [key, value] of entries) {
    const at = index.size;
    assert(!index.has(key), `key ${key} is there twice`);
    index.set(key, at);
    if (at % chunkSize === 0) chunks.push([]);
    chunks.at(-1)?.push(value);
  }
  return { index, chunks };
}

export function tableGet<Key extends string, Value>(table: Table<Key, Value>, key: Key): Value | undefined {
  const at = table.index.get(key);
  return at === undefined ? undefined : table.chunks[Math.floor(at / chunkSize)]?.[at % chunkSize];
}

/** The table with another value for a key that it has. */
export function tableSet<Key extends string, Value>(
  table: Table<Key, Value>,
  key: Key,
  value: Value,
): Table<Key, Value> {
  const at = present(table.index.get(key), `no key ${key}`);
  const chunks = [...table.chunks];
  const chunk = [...(chunks[Math.floor(at / chunkSize)] ?? [])];
  chunk[at % chunkSize] = value;
  chunks[Math.floor(at / chunkSize)] = chunk;
  return { index: table.index, chunks };
}

/** The table with other values for keys that it has; cheaper than one at a time. */
export function tableSetAll<Key extends string, Value>(
  table: Table<Key, Value>,
  entries: Iterable<readonly [Key, Value]>,
): Table<Key, Value> {
  const chunks = [...table.chunks];
  const copied = new Map<number, Value[]>();
  for (const [key, value] of entries) {
    const at = present(table.index.get(key), `no key ${key}`);
    const place = Math.floor(at / chunkSize);
    const chunk = copied.get(place) ?? [...(chunks[place] ?? [])];
    chunk[at % chunkSize] = value;
    copied.set(place, chunk);
    chunks[place] = chunk;
  }
  return { index: table.index, chunks };
}

/** The table with more keys at its end. */
export function tableAdd<Key extends string, Value>(
  table: Table<Key, Value>,
  entries: Iterable<readonly [Key, Value]>,
): Table<Key, Value> {
  return tableOf([...tableEntries(table), ...entries]);
}

export function tableSize(table: Table<string, unknown>): number {
  return table.index.size;
}

export function* tableValues<Value>(table: Table<string, Value>): Iterable<Value> {
  for (const chunk of table.chunks) yield* chunk;
}

export function* tableEntries<Key extends string, Value>(table: Table<Key, Value>): Iterable<readonly [Key, Value]> {
  for (const [key, at] of table.index) {
    yield [key, table.chunks[Math.floor(at / chunkSize)]?.[at % chunkSize] as Value];
  }
}
