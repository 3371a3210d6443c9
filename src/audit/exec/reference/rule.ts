import { bitLength, infinity, negate, ONE, signed, type Finite } from "./binary32.js";
import type { Enclosure } from "./ziv.js";

/*
 * What the definitions of transcendental functions are made of.
 */

/** A function of one binary32 operand. NaN gives NaN. */
export interface Rule {
  /** Bits at -infinity, at +infinity, at +-0 (`keep`: the same zero). */
  readonly negativeInfinity: bigint;
  readonly positiveInfinity: bigint;
  readonly zero: bigint | "keep";
  /** Value at any other number: bits where it needs no series, else enclosures. */
  readonly finite: (x: Finite) => bigint | ((precision: number) => Enclosure);
}

export const MINUS_ONE = negate(ONE);
export const MINUS_INFINITY = infinity(true);
export const PLUS_INFINITY = infinity(false);

/** A scale at which x is a whole number of units and keeps `precision` bits below its last place. */
export function scaleFor(x: Finite, precision: number): number {
  return precision + Math.max(0, -x.exponent);
}

export function units(x: Finite, scale: number): bigint {
  return signed(x) << BigInt(x.exponent + scale);
}

export const magnitudeUnits = (x: Finite, scale: number): bigint => x.mantissa << BigInt(x.exponent + scale);

/** Whether |x| >= 2^power. */
export function reaches(x: Finite, power: number): boolean {
  return bitLength(x.mantissa) + x.exponent > power;
}

/** -1, 0 or 1 as |x| < 1, = 1, > 1. */
export function againstOne(x: Finite): number {
  if (!reaches(x, 0)) return -1;
  return reaches(x, 1) || x.mantissa << 1n !== 1n << BigInt(bitLength(x.mantissa)) ? 1 : 0;
}

/** An odd function, from the enclosure of its value at |x|. */
export const odd =
  (x: Finite, enclose: (precision: number) => Enclosure) =>
  (precision: number): Enclosure => {
    const at = enclose(precision);
    return x.negative ? { ...at, value: -at.value } : at;
  };
