/** From an item to a later one that reads it. */
export type Edge = readonly [from: number, to: number];

/** A run may be this much shorter or longer than wanted, to end where little crosses. */
const SLACK = 0.4;

/**
 * Cuts the items `0 .. count` into runs of about `size`, each where the fewest results are still to be read. Edges go to later
 * items, so whole runs follow one another as the items do.
 *
 * @returns the first item of every run
 */
export function cutRuns(count: number, edges: readonly Edge[], size: number): number[] {
  const crossing = crossings(count, edges);
  const starts: number[] = [];
  for (let start = 0; start < count;) {
    starts.push(start);
    if (count - start <= size * (1 + SLACK)) break;
    let best = start + size;
    const reach = Math.floor(size * SLACK);
    for (let at = start + size - reach; at <= start + size + reach; at++) {
      const closer = Math.abs(at - start - size) < Math.abs(best - start - size);
      const [here, least] = [crossing[at]!, crossing[best]!];
      if (here < least || (here === least && closer)) best = at;
    }
    start = Math.max(best, start + 1);
  }
  return starts;
}

/** For every boundary before item `i`, how many earlier items are read at it or later. */
function crossings(count: number, edges: readonly Edge[]): number[] {
  const lastReader = new Array<number>(count).fill(-1);
  for (const [from, to] of edges) lastReader[from] = Math.max(lastReader[from]!, to);
  const change = new Array<number>(count + 2).fill(0);
  lastReader.forEach((last, from) => {
    if (last <= from) return;
    change[from + 1]!++;
    change[last + 1]!--;
  });
  let open = 0;
  return change.map((step) => (open += step));
}
