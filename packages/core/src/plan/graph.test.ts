import assert from "node:assert/strict";
import { test } from "node:test";
import { graphProblems, nearest } from "./graph.ts";

const node = (id: string, ...needs: string[]) => ({ id, needs });

test("a graph without mistakes has no problems, however large", () => {
  const chain = Array.from({ length: 5_000 }, (_, i) => node(`s${i}`, ...(i > 0 ? [`s${i - 1}`] : [])));
  assert.deepEqual(graphProblems(chain), []);
  assert.deepEqual(graphProblems(chain.toReversed()), []);
  assert.deepEqual(graphProblems([node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c")]), []);
});

test("needs that go round in a circle are named in their order", () => {
  const [problem] = graphProblems([node("a", "c"), node("b", "a"), node("c", "b")]);
  assert.deepEqual(problem, { is: "cycle", path: ["a", "b", "c", "a"] });
});

test("a need that does not exist, and one's own", () => {
  assert.deepEqual(graphProblems([node("build", "biuld"), node("test", "test"), node("z", "unlike")]), [
    { is: "unknown", id: "build", need: "biuld", nearest: "build" },
    { is: "self", id: "test" },
    { is: "unknown", id: "z", need: "unlike", nearest: null },
  ]);
});

test("did you mean", () => {
  const names = ["test-full", "test-quick", "quickstart"];
  assert.equal(nearest("test-ful", names), "test-full");
  assert.equal(nearest("tset-quick", names), "test-quick");
  assert.equal(nearest("QUICKSTRAT", names), "quickstart");
  assert.equal(nearest("deploy", names), null);
});
