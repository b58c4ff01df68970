/**
 * Runs `work` on every item, at most `atOnceMax` at a time. Rejects with the first error, but only after what was
 * under way has come to rest; what was not begun by then is not begun.
 */
export async function inParallel<Item>(
  atOnceMax: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { error: unknown } | null = null;
  const lane = async (): Promise<void> => {
    while (next < items.length && failure === null) {
      const item = items[next++] as Item;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, lane));
  const failed = failure as { error: unknown } | null;
  if (failed !== null) throw failed.error;
}
