const lastSums = new WeakMap<object, { readonly names: string; readonly sum: Readonly<Record<string, unknown>> }>();

/**
 * `{ ...base, ...more }`, where thousands of steps add the same few names to the same large record: a copy of the last
 * sum, with its values replaced, takes a tenth of the time of a new sum.
 */
export function sumOf<T>(base: Readonly<Record<string, T>>, more: Readonly<Record<string, T>>): Record<string, T> {
  const names = Object.keys(more).join("\n");
  const last = lastSums.get(base);
  if (last?.names !== names) {
    const sum = { ...base, ...more };
    lastSums.set(base, { names, sum: { ...sum } });
    return sum;
  }
  const sum = { ...last.sum } as Record<string, T>;
  for (const name in more) sum[name] = more[name]!;
  return sum;
}
