/** Something to time, by name. */
export type Contenders<Name extends string> = Readonly<Record<Name, () => unknown>>;

/** Milliseconds that have passed. */
const wallClock = (): number => performance.now();

/** Milliseconds for which this thread has computed: what one thread can do, however busy the machine is. */
export function threadClock(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds for which this process has computed, on all its threads. */
export function processClock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Median time of each contender in milliseconds. They take turns, so that whatever else the machine does meanwhile hits all of
 * them and ratios hold; a first turn warms up and is not counted.
 */
export async function medianTimes<Name extends string>(
  contenders: Contenders<Name>,
  rounds: number,
  clock: () => number = wallClock,
): Promise<Record<Name, number>> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const started = clock();
      await contenders[name]();
      if (round >= 0) times[name].push(clock() - started);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Throws unless two byte strings are the same: a figure of something that computes other bits is worth nothing. */
export function assertSameBytes(what: string, a: Uint8Array, b: Uint8Array): void {
  if (Buffer.compare(a, b) !== 0) throw new Error(`${what}: other bits. Nothing is measured before that is mended.`);
}
