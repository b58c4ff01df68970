/** Values by a schema of the protocol: those it describes, and those it nearly does. */
import fc from "fast-check";

/** As much of JSON Schema as the contracts use. */
export type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
};

/** Texts for fields, by the name of the field: names that exist, languages that are spoken there. */
export type TextOf = (field: string) => fc.Arbitrary<string>;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\0",
    "..",
    "../../etc/passwd",
    "%2e%2e%2f",
    "/",
    "\\",
    "a/b",
    "latest",
    "@",
    "@failed",
    "1",
    "0",
    "-1",
  ),
  fc.constantFrom(
    "9007199254740993",
    "1e999",
    "NaN",
    "__proto__",
    "constructor",
    "${{ }}",
    "{{x}}",
    "\uFEFF",
    "💥",
    "\uD800",
  ),
  fc.constantFrom(
    "*",
    "(a+)+$",
    "[",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "0000-01-01T00:00:00Z",
    "x".repeat(5_000),
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);

/** Any value that comes through a door: those that are deeper are refused there. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      0.5,
      -0,
      1e308,
      2 ** 53,
      "",
      "x",
      [],
      {},
      [[]],
      [null],
    ),
  },
  { weight: 2, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}'),
      nestedList(50),
      Array.from({ length: 2_000 }, (_, at) => at),
    ),
  },
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: oddValue },
  { weight: 1, arbitrary: fc.constantFrom(99, 100, 101, 2_000).map(nestedList) },
);

function nestedList(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at += 1) value = at % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Values that fit; `slip` is how many of a hundred parts are something else. */
export function valueOf(schema: Schema, textOf: TextOf, slip = 0, field = ""): fc.Arbitrary<unknown> {
  const right = fitting(schema, textOf, slip, field);
  return slip === 0
    ? right
    : fc.oneof({ weight: 100 - slip, arbitrary: right }, { weight: slip, arbitrary: hostileValue });
}

function fitting(schema: Schema, textOf: TextOf, slip: number, field: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => valueOf(one, textOf, slip, field)));
  switch (schema.type) {
    case "string":
      return textOf(field).map((text) => text.padEnd(schema.minLength ?? 0, "x").slice(0, schema.maxLength));
    case "integer":
      return fc.oneof(fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 1_000 }), small(schema));
    case "number":
      return fc.oneof(
        fc.double({ min: schema.minimum ?? schema.exclusiveMinimum ?? -5, noNaN: true, max: 1e6 }),
        small(schema),
      );
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueOf(schema.items ?? {}, textOf, slip, field), { maxLength: 3 });
    case "object":
      return objectOf(schema, textOf, slip, field);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function small({ minimum = 0, maximum = 1_000 }: Schema): fc.Arbitrary<number> {
  return fc.integer({ min: Math.max(minimum, 0), max: Math.min(maximum, Math.max(minimum, 0) + 3) });
}

function objectOf(schema: Schema, textOf: TextOf, slip: number, field: string): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], patternProperties } = schema;
  const pattern = patternProperties && Object.values(patternProperties)[0];
  if (pattern !== undefined) return fc.dictionary(keyText, valueOf(pattern, textOf, slip, field), { maxKeys: 3 });
  const fields = Object.entries(properties).map(([name, inner]) => [name, valueOf(inner, textOf, slip, name)] as const);
  const record = fc.record(Object.fromEntries(fields), { requiredKeys: slip > 0 ? [] : [...required] });
  // Most fields are rare: an object that has them all is refused for the first one that is wrong.
  const sparse = fc
    .tuple(record, fc.infiniteStream(fc.nat(99)))
    .map(([value, chances]) => thinned(value as Record<string, unknown>, new Set(required), chances));
  const more = fc.tuple(sparse, keyText, hostileValue).map(([value, key, extra]) => ({ ...value, [key]: extra }));
  return slip === 0 ? sparse : fc.oneof({ weight: 100 - slip, arbitrary: sparse }, { weight: slip, arbitrary: more });
}

function thinned(
  value: Readonly<Record<string, unknown>>,
  required: ReadonlySet<string>,
  chances: Iterator<number>,
): Record<string, unknown> {
  const kept = Object.entries(value).filter(([name]) => required.has(name) || (chances.next().value as number) < 35);
  return Object.fromEntries(kept);
}

const keyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom("a", "b", "name", "os", "build", "test", "0402", "A", "x-y", "include", "exclude"),
  },
  { weight: 1, arbitrary: fc.constantFrom("", "__proto__", "constructor", "toString", "a b", "a/b", "é", "💥", "1") },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);
