import { NAN, ONE, bitLength, decode, infinity, isNaNBits, roundDyadic, zero, type Finite } from "./binary32.js";
import { SERIES_ERROR, exp, isqrt, ln2, log } from "./fixed.js";
import { roundDecided } from "./ziv.js";

/*
 * Powers of binary32 numbers, special cases as in IEEE 754-2019, 9.2.1 (`pow`; `pown` agrees with it for integers).
 */

/** An exact exponent: negative ? -odd * 2^twos : odd * 2^twos, odd being 0 or odd. */
interface Exponent {
  readonly negative: boolean;
  readonly odd: bigint;
  readonly twos: number;
}

function exponentOf(negative: boolean, magnitude: bigint, exponent: number): Exponent {
  let odd = magnitude;
  let twos = exponent;
  while (odd !== 0n && (odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  return { negative, odd, twos };
}

/** RN(x^y) for binary32 bits x and y. */
export function pow(x: bigint, y: bigint): bigint {
  const exponent = decode(y);
  if (x === ONE) return ONE;
  if (exponent.kind === "finite") return power(x, exponentOf(exponent.negative, exponent.mantissa, exponent.exponent));
  if (exponent.kind === "nan" || isNaNBits(x)) return NAN;
  // An infinite exponent: 1, infinity or 0 as |x| is 1, and on which side of it.
  const magnitude = x & 0x7fffffffn;
  if (magnitude === ONE) return ONE;
  return magnitude > ONE === !exponent.negative ? infinity(false) : 0n;
}

/** RN(x^n) for binary32 bits x and an integer n. */
export function powInteger(x: bigint, n: bigint): bigint {
  return power(x, exponentOf(n < 0n, n < 0n ? -n : n, 0));
}

function power(xBits: bigint, y: Exponent): bigint {
  if (y.odd === 0n) return ONE;
  const x = decode(xBits);
  if (x.kind === "nan") return NAN;
  const integer = y.twos >= 0;
  const negative = x.negative && y.twos === 0;
  if (x.kind === "inf") return y.negative ? zero(negative) : infinity(negative);
  if (x.mantissa === 0n) return y.negative ? infinity(negative) : zero(negative);
  if (x.negative && !integer) return NAN;
  return powerOfMagnitude(x, y, negative);
}

/** RN(+-|x|^y), |x| finite and positive. */
function powerOfMagnitude(x: Finite, y: Exponent, negative: boolean): bigint {
  let mantissa = x.mantissa;
  let exponent = x.exponent;
  while ((mantissa & 1n) === 0n) {
    mantissa >>= 1n;
    exponent++;
  }
  const exact = exactPower(mantissa, exponent, y);
  if (exact !== undefined) return roundDyadic(negative, exact.mantissa, exact.exponent);

  const far = farPower(mantissa, exponent, y);
  if (far !== undefined) return far ? infinity(negative) : zero(negative);

  return roundDecided((precision) => {
    // y log |x| is below 2^8: its error is that of the logarithm times |y| < 2^(size of y).
    const size = Math.max(0, bitLength(y.odd) + y.twos);
    const scale = precision + size;
    const logarithm = log(mantissa, exponent, scale);
    const product = shifted(logarithm * y.odd, y.twos);
    const error = (SERIES_ERROR << BigInt(size + 2)) + SERIES_ERROR;
    const { mantissa: value, shift } = exp(y.negative ? -product : product, scale);
    return { value: negative ? -value : value, error, scale: scale - shift };
  });
}

/**
 * The power as +mantissa * 2^exponent where that is a binary32 number or a midpoint of two. With an odd mantissa m: y > 0 (else
 * m = 1), m^(odd y) is at most 2^25, and where y has a fraction of k binary digits x is the 2^k-th power of such a number.
 */
function exactPower(m: bigint, e: number, y: Exponent): { mantissa: bigint; exponent: number } | undefined {
  let root = m;
  let exponent = e;
  for (let k = y.twos; k < 0; k++) {
    if (root === 1n && exponent === 0) return { mantissa: 1n, exponent: 0 };
    const half = isqrt(root);
    if (half * half !== root || exponent % 2 !== 0) return undefined;
    root = half;
    exponent /= 2;
  }
  const whole = y.odd << BigInt(Math.max(0, y.twos));
  if (root === 1n) {
    const power = BigInt(exponent) * (y.negative ? -whole : whole);
    // Far outside of the exponent range one power of two rounds like another.
    return { mantissa: 1n, exponent: Number(power > 1024n ? 1024n : power < -1024n ? -1024n : power) };
  }
  if (y.negative || whole > 16n) return undefined;
  const mantissa = root ** whole;
  return mantissa < 1n << 25n ? { mantissa, exponent: exponent * Number(whole) } : undefined;
}

/** Whether the power surely overflows (true) or underflows to 0 (false); undefined if neither is sure. */
function farPower(m: bigint, e: number, y: Exponent): boolean | undefined {
  const size = bitLength(y.odd) + y.twos;
  const scale = 64;
  const logarithm = log(m, e, scale);
  // |log x| >= 2^-25 - error, so that 2^40 < |y| decides alone.
  const product = size > 40 ? logarithm << 40n : shifted(logarithm * y.odd, y.twos);
  const grows = logarithm > 0n === !y.negative;
  const magnitude = product < 0n ? -product : product;
  return magnitude > 256n * ln2(scale) ? grows : undefined;
}

function shifted(value: bigint, by: number): bigint {
  return by < 0 ? value >> BigInt(-by) : value << BigInt(by);
}
