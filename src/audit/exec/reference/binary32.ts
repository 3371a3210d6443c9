/**
 * IEEE 754 binary32 as exact numbers: bits to sign, mantissa and exponent, and back with RN (docs/audit.md, section 1).
 * Integers only.
 */

export const NAN = 0x7fc00000n;
export const INFINITY = 0x7f800000n;
export const ONE = 0x3f800000n;
const SIGN = 0x80000000n;

/** Exponent of the last place of the subnormals, the finest unit that binary32 has. */
const MIN_EXPONENT = -149;
/** Exponent of the last place of the largest finite numbers. */
const MAX_EXPONENT = 104;
const PRECISION = 24;

/** A decoded number; a finite one is +-mantissa * 2^exponent with 0 <= mantissa < 2^24, not normalised. */
export type Float = { readonly kind: "nan" } | { readonly kind: "inf"; readonly negative: boolean } | Finite;

export interface Finite {
  readonly kind: "finite";
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

export function decode(bits: bigint): Float {
  const negative = (bits & SIGN) !== 0n;
  const field = Number((bits >> 23n) & 0xffn);
  const fraction = bits & 0x7fffffn;
  if (field === 255) return fraction === 0n ? { kind: "inf", negative } : { kind: "nan" };
  return field === 0
    ? { kind: "finite", negative, mantissa: fraction, exponent: MIN_EXPONENT }
    : { kind: "finite", negative, mantissa: fraction | 0x800000n, exponent: field - 150 };
}

export function isNaNBits(bits: bigint): boolean {
  return (bits & 0x7fffffffn) > INFINITY;
}

export function zero(negative: boolean): bigint {
  return negative ? SIGN : 0n;
}

export function infinity(negative: boolean): bigint {
  return negative ? SIGN | INFINITY : INFINITY;
}

/** -x; bits of a NaN become the canonical NaN. */
export function negate(bits: bigint): bigint {
  return isNaNBits(bits) ? NAN : bits ^ SIGN;
}

/** The same number, a NaN as the canonical one. */
export function canonical(bits: bigint): bigint {
  return isNaNBits(bits) ? NAN : bits;
}

/** Number of binary digits of `n >= 0`. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0;
  const hex = n.toString(16);
  return hex.length * 4 - (Math.clz32(parseInt(hex[0]!, 16)) - 28);
}

/**
 * RN(+-mantissa * 2^exponent) for any `mantissa >= 0`. With `sticky`, a part of the magnitude strictly between 0 and one unit
 * of the mantissa was cut off; the mantissa then has at least 26 bits, so that the cut can't hide a rounding boundary.
 */
export function roundDyadic(negative: boolean, mantissa: bigint, exponent: number, sticky = false): bigint {
  if (mantissa === 0n) return zero(negative);
  const quantum = Math.max(exponent + bitLength(mantissa) - PRECISION, MIN_EXPONENT);
  let units: bigint;
  if (exponent >= quantum) {
    units = mantissa << BigInt(exponent - quantum);
  } else {
    const shift = BigInt(quantum - exponent);
    units = mantissa >> shift;
    const twiceRest = (mantissa - (units << shift)) << 1n;
    const whole = 1n << shift;
    if (twiceRest > whole || (twiceRest === whole && (sticky || (units & 1n) === 1n))) units += 1n;
  }
  return encode(negative, units, quantum);
}

/** Bits of +-units * 2^quantum, where quantum is the unit in the last place or units is 2^24 after a carry. */
function encode(negative: boolean, units: bigint, quantum: number): bigint {
  if (units >> BigInt(PRECISION) !== 0n) return encode(negative, units >> 1n, quantum + 1);
  if (quantum > MAX_EXPONENT) return infinity(negative);
  // A mantissa below 2^23 occurs at the smallest quantum only: exponent field 0.
  const normal = units >> BigInt(PRECISION - 1) !== 0n;
  const field = normal ? BigInt(quantum - MIN_EXPONENT + 1) : 0n;
  return zero(negative) | (field << 23n) | (units & 0x7fffffn);
}

/** RN(+-numerator / denominator) for `numerator >= 0`, `denominator > 0`; a zero takes the sign. */
export function roundRational(negative: boolean, numerator: bigint, denominator: bigint): bigint {
  // At least 26 bits of quotient, and the rest as the sticky bit.
  const shift = Math.max(0, bitLength(denominator) - bitLength(numerator) + 27);
  const scaled = numerator << BigInt(shift);
  const quotient = scaled / denominator;
  return roundDyadic(negative, quotient, -shift, quotient * denominator !== scaled);
}

/** RN of a signed integer times 2^exponent; zero is +0. */
export function roundSigned(value: bigint, exponent: number): bigint {
  return value < 0n ? roundDyadic(true, -value, exponent) : roundDyadic(false, value, exponent);
}

/** Signed mantissa of a finite number. */
export function signed(x: Finite): bigint {
  return x.negative ? -x.mantissa : x.mantissa;
}

/** Position of a number that is not NaN in the order of the reals, with -0 just below +0. */
export function orderKey(bits: bigint): bigint {
  return (bits & SIGN) !== 0n ? ~(bits & 0x7fffffffn) : bits;
}

/** -1, 0 or 1 as x < y, x = y, x > y; -0 equals +0, a NaN is above everything and equal to a NaN. */
export function compare(x: bigint, y: bigint): number {
  if (isNaNBits(x) || isNaNBits(y)) return Number(isNaNBits(x)) - Number(isNaNBits(y));
  if (((x | y) & 0x7fffffffn) === 0n) return 0;
  const a = orderKey(x);
  const b = orderKey(y);
  return a < b ? -1 : a > b ? 1 : 0;
}
