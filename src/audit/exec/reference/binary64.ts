import { bitLength } from "./binary32.js";

/**
 * IEEE 754 binary64, as far as f64 goes (docs/audit.md, section 4): it is moved, compared and cast, never computed with.
 * Integers only.
 */

const NAN = 0x7ff8000000000000n;
const INFINITY = 0x7ff0000000000000n;
const SIGN = 1n << 63n;
const MAGNITUDE = SIGN - 1n;
const HIDDEN = 1n << 52n;
const MIN_EXPONENT = -1074;
const PRECISION = 53;

/** A decoded number; a finite one is +-mantissa * 2^exponent with 0 <= mantissa < 2^53. */
export type Double =
  | { readonly kind: "nan" }
  | { readonly kind: "inf"; readonly negative: boolean }
  | { readonly kind: "finite"; readonly negative: boolean; readonly mantissa: bigint; readonly exponent: number };

export function decodeDouble(bits: bigint): Double {
  const negative = (bits & SIGN) !== 0n;
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & (HIDDEN - 1n);
  if (field === 0x7ff) return fraction === 0n ? { kind: "inf", negative } : { kind: "nan" };
  return field === 0
    ? { kind: "finite", negative, mantissa: fraction, exponent: MIN_EXPONENT }
    : { kind: "finite", negative, mantissa: fraction | HIDDEN, exponent: field - 1075 };
}

export function isDoubleNaN(bits: bigint): boolean {
  return (bits & MAGNITUDE) > INFINITY;
}

export function isDoubleInfinite(bits: bigint): boolean {
  return (bits & MAGNITUDE) === INFINITY;
}

/** The same number, a NaN as the canonical one. */
export function canonicalDouble(bits: bigint): bigint {
  return isDoubleNaN(bits) ? NAN : bits;
}

/**
 * The binary64 nearest to +-mantissa * 2^exponent, ties to even. What is converted are binary32 numbers and 64-bit integers:
 * nothing that overflows or is subnormal.
 */
export function roundDouble(negative: boolean, mantissa: bigint, exponent: number): bigint {
  const sign = negative ? SIGN : 0n;
  if (mantissa === 0n) return sign;
  const cut = bitLength(mantissa) - PRECISION;
  let units = cut > 0 ? mantissa >> BigInt(cut) : mantissa << BigInt(-cut);
  if (cut > 0) {
    const twiceRest = (mantissa - (units << BigInt(cut))) << 1n;
    const whole = 1n << BigInt(cut);
    if (twiceRest > whole || (twiceRest === whole && (units & 1n) === 1n)) units += 1n;
  }
  // The hidden bit adds one to the exponent field, and so does a carry.
  return sign | ((BigInt(exponent + cut - MIN_EXPONENT) << 52n) + units);
}

/** Infinity or NaN from its binary32 kind. */
export function specialDouble(kind: "nan" | "inf", negative: boolean): bigint {
  if (kind === "nan") return NAN;
  return negative ? SIGN | INFINITY : INFINITY;
}

/** Position of a number that is not NaN in the order of the reals, with -0 just below +0. */
export function doubleKey(bits: bigint): bigint {
  return (bits & SIGN) !== 0n ? ~(bits & MAGNITUDE) : bits;
}

/** -1, 0 or 1 as x < y, x = y, x > y, for numbers that are not NaN; -0 equals +0. */
export function compareDoubles(x: bigint, y: bigint): number {
  if (((x | y) & MAGNITUDE) === 0n) return 0;
  const [a, b] = [doubleKey(x), doubleKey(y)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The smaller or larger of two; NaN if either is NaN, and -0 < +0. */
export function extremeDouble(fn: "min" | "max", x: bigint, y: bigint): bigint {
  if (isDoubleNaN(x) || isDoubleNaN(y)) return NAN;
  return doubleKey(x) < doubleKey(y) === (fn === "min") ? x : y;
}
