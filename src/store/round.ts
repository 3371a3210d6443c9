import type { Collection } from "./state.js";

/**
 * Goes round a collection some records at a time, so that what has to be asked about each of them keeps nothing else waiting.
 * @returns gives the next ones; after the last come the first
 */
export function createRound<T>(
  records: Pick<Collection<T>, "after">,
  count: number,
): () => { readonly key: string; readonly value: T }[] {
  let last = "";
  return () => {
    const some = records.after(last, count);
    last = some.length < count ? "" : (some.at(-1)?.key ?? "");
    return some;
  };
}
