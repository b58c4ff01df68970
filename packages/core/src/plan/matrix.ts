import { looseEquals, toText } from "@aither/expression";
import type { Json } from "@aither/protocol";

type Cell = { readonly [key: string]: Json };

/** One leg: its values, and how people tell it from the others. */
export type MatrixLeg = {
  readonly matrix: Cell;
  /** `os=linux, node=20`: the product's values by name (all values for an added leg). */
  readonly name: string;
  /** ` (linux, 20)`, as GitHub appends it to a job's name. */
  readonly suffix: string;
};

export type MatrixResult =
  | { readonly ok: true; readonly legs: readonly MatrixLeg[] }
  | { readonly ok: false; readonly message: string; readonly key: string | null };

/** GitHub allows so many legs; more is almost certainly a mistake. */
const LEGS_MAX = 256;

/**
 * GitHub's algorithm: the product of all vectors in file order (the last varies fastest), minus what an `exclude` item
 * matches, plus `include` (whose items extend legs they fit, or become legs of their own).
 */
export function expandMatrix(
  matrix: { readonly [key: string]: Json },
  {
    empty = "error",
  }: { /** What nothing at all means: a mistake, or no legs. */ readonly empty?: "error" | "none" } = {},
): MatrixResult {
  const vectors: [string, readonly Json[]][] = [];
  for (const [key, value] of Object.entries(matrix)) {
    if (isRule(key)) continue;
    const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
    if (values.length === 0 && empty === "error") return wrong(`the vector \`${key}\` of the matrix is empty`, key);
    vectors.push([key, values]);
  }
  const keys = new Map(vectors.map(([key]) => [key.toLowerCase(), key]));
  const include = itemsOf(ruleOf(matrix, "include"), keys);
  const exclude = itemsOf(ruleOf(matrix, "exclude"), keys);
  if (include === null) return wrong("`include` must be a list of maps", "include");
  if (exclude === null) return wrong("`exclude` must be a list of maps", "exclude");
  if (vectors.length === 0 && include.length === 0 && empty === "error") {
    return wrong("the matrix has neither a vector nor an `include`", null);
  }
  const names = new Set(vectors.map(([key]) => key));
  for (const item of exclude) {
    const stranger = Object.keys(item).find((key) => !names.has(key));
    if (stranger !== undefined) {
      return wrong(`\`exclude\` names \`${stranger}\`, which is no vector of the matrix`, "exclude");
    }
  }
  const size = vectors.reduce((product, [, values]) => product * values.length, 1);
  if (size > LEGS_MAX * 16) return wrong(`the matrix has ${size} legs; ${LEGS_MAX} are allowed`, null);
  const cells = product(vectors, exclude);
  // Before they are named: names hold all values, and those may be long.
  if (cells.length > LEGS_MAX) return wrong(`the matrix has ${cells.length} legs; ${LEGS_MAX} are allowed`, null);
  const legs = withIncludes(cells, include, names);
  if (legs.length > LEGS_MAX) return wrong(`the matrix has ${legs.length} legs; ${LEGS_MAX} are allowed`, null);
  return { ok: true, legs: unique(legs) };
}

/** Legs go by their names: one that is there before gets a number behind it. */
function unique(legs: readonly MatrixLeg[]): readonly MatrixLeg[] {
  const taken = new Set<string>();
  return legs.map((one) => {
    let { name } = one;
    for (let count = 2; taken.has(name); count += 1) name = `${one.name} #${count}`;
    taken.add(name);
    return { ...one, name };
  });
}

function wrong(message: string, key: string | null): MatrixResult {
  return { ok: false, message, key };
}

/** `include` and `exclude` are no vectors, in whatever case. */
export function isRule(key: string): boolean {
  return /^(include|exclude)$/i.test(key);
}

function ruleOf(matrix: Cell, name: string): Json | undefined {
  return Object.entries(matrix).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The items of a rule; a lone map is one. Names ignore case, so vectors are called as the matrix calls them. */
function itemsOf(value: Json | undefined, vectors: ReadonlyMap<string, string>): readonly Cell[] | null {
  if (value === undefined || value === null) return [];
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const isCell = (item: Json): item is Cell => typeof item === "object" && item !== null && !Array.isArray(item);
  if (!items.every(isCell)) return null;
  return items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([key, own]) => [vectors.get(key.toLowerCase()) ?? key, own] as const)),
  );
}

function product(vectors: readonly [string, readonly Json[]][], exclude: readonly Cell[]): Cell[] {
  if (vectors.length === 0) return [];
  let cells: Cell[] = [{}];
  for (const [key, values] of vectors) {
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value })));
  }
  return cells.filter((cell) => !exclude.some((item) => matches(item, cell)));
}

/** Every leaf of the item equals the cell's; objects may name only a part. */
function matches(item: Json, cell: Json | undefined): boolean {
  if (cell === undefined) return false;
  if (Array.isArray(item)) {
    const items = item as readonly Json[];
    return (
      Array.isArray(cell) &&
      items.length === (cell as readonly Json[]).length &&
      items.every((inner, index) => matches(inner, (cell as readonly Json[])[index]))
    );
  }
  if (typeof item === "object" && item !== null) {
    if (typeof cell !== "object" || cell === null || Array.isArray(cell)) return false;
    return Object.entries(item).every(([key, inner]) => matches(inner, (cell as Cell)[key]));
  }
  return looseEquals(item as null, cell as null);
}

function withIncludes(cells: readonly Cell[], include: readonly Cell[], names: ReadonlySet<string>): MatrixLeg[] {
  const split = include.map((item) => {
    const pairs = Object.entries(item);
    return {
      item,
      filter: pairs.filter(([key]) => names.has(key)),
      extra: pairs.filter(([key]) => !names.has(key)),
      used: false,
    };
  });
  const legs = cells.map((cell) => {
    const extras = new Map<string, Json>();
    for (const part of split) {
      if (!part.filter.every(([key, value]) => matches(value, cell[key]))) continue;
      part.used = true;
      for (const [key, value] of part.extra) extras.set(key, value);
    }
    return leg({ ...cell, ...Object.fromEntries(extras) }, cell);
  });
  return [...legs, ...split.filter(({ used }) => !used).map(({ item }) => leg(item, item))];
}

function leg(matrix: Cell, named: Cell): MatrixLeg {
  const leaves = leavesOf(named).filter((text) => text !== "");
  const list = leaves.join(", ");
  const suffix = list === "" ? "" : ` (${list.length > 100 ? `${list.slice(0, 97)}...` : list})`;
  const name = Object.entries(named)
    .map(([key, value]) => `${key}=${leavesOf(value).join("/")}`)
    .join(", ");
  return { matrix, name, suffix };
}

function leavesOf(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(leavesOf);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leavesOf);
  return [toText(value as null)];
}
