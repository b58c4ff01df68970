import assert from "node:assert/strict";
import { test } from "node:test";
import { type Context, interpolate, unknown } from "./index.ts";

const context: Context = {
  names: {
    matrix: { os: "linux", n: 3 },
    steps: unknown("steps come later", { late: true }),
    github: unknown("there is no github", { late: false }),
  },
  variables: { Name: "world", flag: false, zero: 0, list: [1, "two"], map: { a: 1 }, tricky: "{{Name}}" },
  environment: { HOME: "/home/me" },
};

test("values keep their type when the template stands alone", () => {
  const rows: [template: string, value: unknown][] = [
    ["plain", "plain"],
    ["{{name}}", "world"],
    ["{{flag}}", false],
    ["{{ zero }}", 0],
    ["{{list}}", [1, "two"]],
    ["${{ matrix.n }}", 3],
    ["${{ matrix.n == 3 }}", true],
    ["hello {{name}}!", "hello world!"],
    ["{{list}} and {{map}}", '1,two and {"a":1}'],
    ["{{flag}}-{{zero}}", "false-0"],
    ["{{nowhere:=8}}", 8],
    ["{{nowhere:=true}}", true],
    ["{{nowhere:=}}", ""],
    ["{{nowhere:='a b'}}", "a b"],
    ["{{nowhere:={{name}}}}", "world"],
    ["{{nowhere:=x-{{name}}-{{other:=y}}}}", "x-world-y"],
    ["{{name:=other}}", "world"],
    ["{{$env:HOME}}/x", "/home/me/x"],
    ["${{ format('{0}}}', matrix.os) }}", "linux}"],
    // What is no template of ours stays as it is.
    ["docker version --format '{{.Server.Version}}'", "docker version --format '{{.Server.Version}}'"],
    ["open {{ only", "open {{ only"],
    // A value is never read as a template again.
    ["{{tricky}}", "{{Name}}"],
  ];
  for (const [template, value] of rows) {
    assert.deepEqual(interpolate(template, context), { is: "value", value, missing: [] }, template);
  }
});

test("a variable that nobody set is empty, and reported", () => {
  assert.deepEqual(interpolate("a{{nowhere}}b", context), { is: "value", value: "ab", missing: ["nowhere"] });
});

test("what is known is filled in; what comes later stays a template", () => {
  const made = interpolate("{{name}} ${{ steps.a.outputs.b }} ${{ matrix.os }}", context);
  assert.deepEqual(made, {
    is: "late",
    late: true,
    text: "world ${{ steps.a.outputs.b }} linux",
    reason: "steps come later",
    missing: [],
  });
});

test("a value that looks like a template survives the second filling-in as text", () => {
  const first = interpolate("{{tricky}} ${{ steps.a }}", context);
  assert.equal(first.is, "late");
  const second = interpolate(first.is === "late" ? first.text : "", {
    ...context,
    names: { ...context.names, steps: { a: "done" } },
  });
  assert.deepEqual(second, { is: "value", value: "{{Name}} done", missing: [] });
});

test("a value that holds an expression is filled in with what stands beside it", () => {
  const open = { ...context, variables: { sha: "v-${{ steps.a }}" } };
  const first = interpolate("{{sha}} ${{ steps.a }}", open);
  assert.equal(first.is === "late" && first.text, "v-${{ steps.a }} ${{ steps.a }}");
});

test("what will never be known says so; a mistake in an expression is an error", () => {
  const never = interpolate("${{ github.sha }}", context);
  assert.equal(never.is === "late" && never.late, false);
  const wrong = interpolate("${{ matrix. }}", context);
  assert.match(wrong.is === "error" ? wrong.message : "", /Unexpected symbol/);
});
