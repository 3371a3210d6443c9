import { bitsOfFloat, floatOf } from "../elements.js";
import { ELEMENTARY, type ElementaryFn } from "../reference/elementary.js";
import { pow as referencePow } from "../reference/pow.js";
import { powPositive } from "./pow.js";

/**
 * The functions of elementary.ts and pow.ts err by less than 2^-48; the test below allows eight times that. A value passes
 * unless it lies within this distance of a rounding boundary, which about one in a million does.
 */
const MARGIN = 2 ** -45;

/** Whether every real within the margin of `value` rounds to the same binary32 number; an infinity or NaN does not pass. */
export function isDecided(value: number): boolean {
  const slack = value * MARGIN;
  return Math.fround(value - slack) === Math.fround(value + slack);
}

/** RN of `fn` at x, where binary64 gave `value` and that was not decided. */
export function settle(fn: ElementaryFn, x: number, value: number): number {
  // Infinities, NaN and zeros are the functions' own special values, or lie far outside of binary32.
  if (!Number.isFinite(value) || value === 0) return value;
  return floatOf(ELEMENTARY[fn](bitsOfFloat(x)));
}

/** RN of x^y for binary32 numbers. */
export function pow(x: number, y: number): number {
  if (y === 2) return x * x;
  const magnitude = Math.abs(x);
  const negative = x < 0;
  const plain = magnitude > 0 && magnitude < Infinity && Math.abs(y) < Infinity && y !== 0;
  if (plain && (!negative || Number.isInteger(y))) {
    const value = powPositive(magnitude, y);
    if (value === Infinity || value === 0 || isDecided(value))
      return negative && Math.abs(y % 2) === 1 ? -value : value;
  }
  return floatOf(referencePow(bitsOfFloat(x), bitsOfFloat(y)));
}
