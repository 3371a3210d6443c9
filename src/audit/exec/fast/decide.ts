import { exactSum, type Products } from "./exact-sum.js";
import { summationDepth } from "./tile.js";

/**
 * Factor on a bound of the sum of absolute products that gives the radius within which the exact sum lies around its binary64
 * approximation: one rounding of 2^-53 an addition, and spare ones for adding the radius itself and for rounding in the bound.
 */
export function radiusFactor(count: number): number {
  return (summationDepth(count) + 3) * 2 ** -53 * (1 + 2 ** -30 + count * 2 ** -52);
}

/**
 * Whether every real within `radius` of `sum` rounds to the bits that `sum` rounds to. A radius is 0 where the sum is exact, or large
 * enough to move it (2^-51 of it, say).
 */
export function isSure(sum: number, radius: number): boolean {
  const below = Math.fround(sum - radius);
  // A zero counts only if its sign is sure.
  return below === Math.fround(sum + radius) && (below !== 0 || radius === 0 || Math.abs(sum) > radius);
}

/** RN of a sum of products over `divisor` whose binary64 approximation, not sure, is `approximation`. */
export function settleSum(approximation: number, products: Products, bias?: number, divisor?: number): number {
  // A NaN term, or infinities: binary64 treats them as binary32 would.
  return Number.isFinite(approximation) ? exactSum(products, bias, divisor) : approximation;
}
