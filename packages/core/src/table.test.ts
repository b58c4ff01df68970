import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tableAdd, tableEntries, tableGet, tableOf, tableSet, tableSetAll, tableSize, tableValues } from "./table.ts";

test("a table behaves as a map, and its earlier versions stay as they were", () => {
  const writes = fc.array(fc.tuple(fc.nat(299), fc.integer()));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), writes, (size, changes) => {
      const entries = Array.from({ length: size }, (_, at): [string, number] => [`k${at}`, 0]);
      const first = tableOf(entries);
      const model = new Map<string, number>(entries);
      let table = first;
      for (const [at, value] of changes) {
        const key = `k${at % size}`;
        table = tableSet(table, key, value);
        model.set(key, value);
        assert.equal(tableGet(table, key), value);
      }
      assert.deepEqual([...tableEntries(table)], [...model]);
      assert.deepEqual([...tableValues(table)], [...model.values()]);
      assert.deepEqual([...tableEntries(first)], entries);
      assert.deepEqual([...tableEntries(tableSetAll(first, model))], [...model]);
    }),
  );
});

test("keys: added at the end, never twice, and only known ones are replaced", () => {
  const table = tableAdd(tableOf([["a", 1]]), [["b", 2]]);
  assert.equal(tableSize(table), 2);
  assert.equal(tableGet(table, "c"), undefined);
  assert.throws(() => tableAdd(table, [["a", 3]]), /key a is there twice/);
  assert.throws(() => tableSet(table, "c", 3), /no key c/);
});
