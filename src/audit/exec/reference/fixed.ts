import { bitLength } from "./binary32.js";
import { floorDiv } from "./integers.js";

/*
 * Elementary functions in fixed point: a real v is the integer nearest below v * 2^s, s the scale ("units" are 2^-s).
 * Every division and shift loses less than one unit. A series adds at most s + 2 terms, each off by less than three units
 * (one carried from the term before, which the ratio of terms keeps below one, and two cut off), and its cut tail is below two
 * units. So a function here is off by less than 4s + 16 units, which is below 2^16 for every scale in use (s < 2^13);
 * callers add what their arguments and their own steps lose.
 */
export const SERIES_ERROR = 1n << 16n;

/** Largest r with r*r <= n. */
export function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  // Newton's iteration falls strictly until it reaches the root, from any start above it.
  let root = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** A constant by scale: computed once per 256 bits of scale, with 32 spare bits, then cut (less than one unit off). */
function constant(compute: (scale: number) => bigint): (scale: number) => bigint {
  const known = new Map<number, bigint>();
  return (scale) => {
    const computed = (Math.ceil(scale / 256) + 1) * 256;
    let value = known.get(computed);
    if (value === undefined) {
      value = compute(computed + 32);
      known.set(computed, value);
    }
    return value >> BigInt(computed + 32 - scale);
  };
}

/** sum over n >= 0 of sign^n * x^(2n+1) / (2n+1): atanh for sign 1, atan for sign -1; |x| < 1. */
function oddSeries(x: bigint, s: bigint, sign: 1n | -1n): bigint {
  const square = (x * x * sign) >> s;
  let power = x;
  let sum = x;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    power = (power * square) >> s;
    sum += power / n;
  }
  return sum;
}

/** pi, by Machin's formula. */
export const pi = constant((scale) => {
  const s = BigInt(scale);
  const atanInverse = (n: bigint): bigint => oddSeries((1n << s) / n, s, -1n);
  return 16n * atanInverse(5n) - 4n * atanInverse(239n);
});

/** log 2 = 2 atanh(1/3). */
export const ln2 = constant((scale) => 2n * oddSeries((1n << BigInt(scale)) / 3n, BigInt(scale), 1n));

/** 2 / sqrt(pi). */
export const twoOverSqrtPi = constant((scale) => isqrt((4n << BigInt(3 * scale)) / pi(scale)));

/** e^x for |x| < 1. */
export function expSmall(x: bigint, scale: number): bigint {
  const s = BigInt(scale);
  let term = 1n << s;
  let sum = term;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    term = ((term * x) >> s) / n;
    sum += term;
  }
  return sum;
}

/** e^x = mantissa * 2^(shift - scale) with mantissa in (0.6, 1.5) * 2^scale, for |x| < 2^12. */
export function exp(x: bigint, scale: number): { mantissa: bigint; shift: number } {
  // shift = round(x / log 2) stays below 2^13, so 16 more bits of log 2 keep shift * log 2 within one unit.
  const unit = ln2(scale + 16);
  const wide = x << 16n;
  const shift = floorDiv(2n * wide + unit, 2n * unit);
  return { mantissa: expSmall((wide - shift * unit) >> 16n, scale), shift: Number(shift) };
}

/** log(m * 2^e) for m > 0. The argument is exact; |e| < 2^12. */
export function log(m: bigint, e: number, scale: number): bigint {
  const s = BigInt(scale);
  // z = m / 2^k lies in [2/3, 4/3], where the series of atanh((z - 1) / (z + 1)) is short.
  let k = bitLength(m) - 1;
  if (3n * m > 4n << BigInt(k)) k++;
  const one = 1n << BigInt(k);
  const y = ((m - one) << s) / (m + one);
  const whole = (BigInt(k + e) * ln2(scale + 16)) >> 16n;
  return 2n * oddSeries(y, s, 1n) + whole;
}

/** sin and cos of x for |x| < 1. */
export function sinCosSmall(x: bigint, scale: number): { sin: bigint; cos: bigint } {
  const s = BigInt(scale);
  const square = (x * x) >> s;
  const series = (first: bigint, from: bigint): bigint => {
    let term = first;
    let sum = first;
    for (let n = from; term !== 0n && term !== -1n; n += 2n) {
      term = -((term * square) >> s) / (n * (n + 1n));
      sum += term;
    }
    return sum;
  };
  return { sin: series(x, 2n), cos: series(1n << s, 1n) };
}

/** atan(numerator / denominator) for numerator >= 0, denominator >= 0, not both 0. The quotient is exact. */
export function atan(numerator: bigint, denominator: bigint, scale: number): bigint {
  if (numerator > denominator) return (pi(scale) >> 1n) - atan(denominator, numerator, scale);
  // Twice tan(a/2) = t / (1 + sqrt(1 + t^2)) brings t from [0, 1] below 0.2; 4 spare bits pay for the doubling back.
  const s = BigInt(scale + 4);
  const one = 1n << s;
  let t = (numerator << s) / denominator;
  for (let halving = 0; halving < 2; halving++) t = (t << s) / (one + isqrt((one << s) + t * t));
  return (oddSeries(t, s, -1n) * 4n) >> 4n;
}
