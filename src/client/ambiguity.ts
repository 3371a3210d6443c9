import type { Tensor } from "../audit/graph.js";

/** A model's tolerance for one output, as numbers. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/**
 * Whether the largest score leads all others by so much that the model's exact answer has the same largest score: by more than
 * twice the tolerance. An honest answer may be off by it, so below that either class may be meant. Rounds toward no, as
 * `Scores.isClear` on the chain does.
 * @param scores one output of the model, a batch of one
 */
export function isClear({ data }: Tensor, { atol, rtol }: Tolerance): boolean {
  const scores = [...data].map(Number);
  if (scores.length === 0 || !scores.every(Number.isFinite) || !(rtol < 0.5)) return false;
  const top = scores.indexOf(Math.max(...scores));
  const best = scores[top] ?? 0;
  return scores.every((score, i) => {
    if (i === top) return true;
    // An exact score a lies within atol + rtol * |a| of a claimed c, so (1 - rtol) * |a| <= |c| + atol.
    const largest = (Math.max(Math.abs(best), Math.abs(score)) + atol) / (1 - rtol);
    const room = 2 * (atol + rtol * largest);
    return best - score > room * (1 + Number.EPSILON * 8);
  });
}
