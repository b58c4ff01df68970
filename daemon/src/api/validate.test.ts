import assert from "node:assert/strict";
import { test } from "node:test";
import { validatorCompiler } from "./validate.ts";

const schema = {
  type: "object",
  properties: {
    follow: { type: "boolean", default: false },
    limit: { type: "integer", minimum: 1, default: 50 },
    format: { anyOf: [{ const: "raw" }, { const: "ndjson" }] },
    inner: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
  },
  additionalProperties: false,
};

function check(httpPart: "body" | "querystring", data: unknown): unknown {
  const result = validatorCompiler({ schema, httpPart, method: "GET", url: "/" })(data) as {
    error?: Error;
    value?: unknown;
  };
  return result.error === undefined ? result.value : result.error.message;
}

test("texts of a query become what the contract says", () => {
  for (const yes of ["", "1", "true"])
    assert.deepEqual(check("querystring", { follow: yes }), { follow: true, limit: 50 });
  for (const no of ["0", "false"])
    assert.deepEqual(check("querystring", { follow: no, limit: "7" }), { follow: false, limit: 7 });
  assert.equal(check("querystring", { follow: "yes" }), "follow in the query must be boolean");
  assert.equal(check("querystring", { format: "xml" }), "format in the query must be one of raw, ndjson");
  assert.equal(check("querystring", { limit: "0" }), "limit in the query must be >= 1");
});

test("a body is taken as it is", () => {
  assert.equal(check("body", { follow: "true" }), "follow in the body must be boolean");
  assert.equal(check("body", { inner: {} }), "inner in the body has no name");
  assert.equal(
    check("body", { Inner: {} }),
    'the body has an unknown field "Inner"; known are: follow, limit, format, inner',
  );
  assert.equal(check("body", null), "the body must be object");
  assert.deepEqual(check("body", { limit: 3 }), { follow: false, limit: 3 });
});
