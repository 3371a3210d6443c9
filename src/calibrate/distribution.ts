import type { Tensor } from "../audit/graph.js";

/** Shares at which distributions are kept: smallest, 1%, ..., median, ..., largest. */
export const QUANTILES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1] as const;
const MEDIAN = QUANTILES.indexOf(0.5);

/** Stands for the distance to an answer that is not a finite number; unlike infinity it survives JSON. */
export const NOT_FINITE = Number.MAX_VALUE;

/** How far one runtime's answers are from the audit answer: quantiles over inputs of the most distant element, per output. */
export interface Distribution {
  readonly label: string;
  readonly outputs: readonly (readonly number[])[];
}

export const largestOf = ({ outputs }: Distribution, output: number): number => outputs[output]?.at(-1) ?? NOT_FINITE;
export const medianOf = ({ outputs }: Distribution, output: number): number => outputs[output]?.[MEDIAN] ?? 0;

/** Distance of the two most distant elements. */
export function distance(a: Tensor, b: Tensor): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    if (Object.is(x, y)) continue;
    const difference = Math.abs(x - y);
    if (difference > largest) largest = difference;
    else if (Number.isNaN(difference)) return NOT_FINITE;
  }
  return Math.min(largest, NOT_FINITE);
}

/** Distances of all outputs of one answer. */
export const distances = (audit: readonly Tensor[], got: readonly Tensor[]): number[] =>
  audit.map((tensor, k) => {
    const other = got[k];
    return other === undefined || other.data.length !== tensor.data.length ? NOT_FINITE : distance(tensor, other);
  });

/** Collects distances; per output. */
export interface Meter {
  add(distances: readonly number[]): void;
  distribution(): Distribution;
}

export function createMeter(label: string, outputs: number): Meter {
  const samples: number[][] = Array.from({ length: outputs }, () => []);
  return {
    add: (found) => samples.forEach((list, k) => list.push(found[k] ?? NOT_FINITE)),
    distribution: () => ({ label, outputs: samples.map(quantilesOf) }),
  };
}

function quantilesOf(samples: readonly number[]): number[] {
  const sorted = [...samples].sort((a, b) => a - b);
  return QUANTILES.map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0);
}
