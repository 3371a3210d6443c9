/*
 * A second implementation of docs/audit.md, written from that page alone to see that it says enough: binary floating point as
 * exact fractions of big integers. Slow, and unlike the executors on purpose.
 */

/** A binary format: bits of precision, exponent of the finest unit, bits in all. */
interface Format {
  readonly precision: bigint;
  readonly finest: number;
  readonly width: bigint;
}

export const F32: Format = { precision: 24n, finest: -149, width: 32n };
export const F64: Format = { precision: 53n, finest: -1074, width: 64n };

/** A finite number n / d, d > 0; `negative` is the sign of a zero too. */
export interface Fraction {
  readonly negative: boolean;
  readonly n: bigint;
  readonly d: bigint;
}

export type Real = "nan" | "inf" | "-inf" | Fraction;

export function isFinite(x: Real): x is Fraction {
  return typeof x === "object";
}

const top = (f: Format): bigint => 1n << (f.width - 1n);
const infinityBits = (f: Format): bigint => top(f) - (1n << (f.precision - 1n));
export const nanBits = (f: Format): bigint => infinityBits(f) + (1n << (f.precision - 2n));

export function read(bits: bigint, f: Format): Real {
  const negative = (bits & top(f)) !== 0n;
  const magnitude = bits & (top(f) - 1n);
  if (magnitude > infinityBits(f)) return "nan";
  if (magnitude === infinityBits(f)) return negative ? "-inf" : "inf";
  const field = magnitude >> (f.precision - 1n);
  const low = magnitude & ((1n << (f.precision - 1n)) - 1n);
  const units = field === 0n ? low : low + (1n << (f.precision - 1n));
  const exponent = f.finest + Math.max(0, Number(field) - 1);
  return exponent < 0
    ? { negative, n: units, d: 1n << BigInt(-exponent) }
    : { negative, n: units << BigInt(exponent), d: 1n };
}

export const integer = (value: bigint): Fraction => ({
  negative: value < 0n,
  n: value < 0n ? -value : value,
  d: 1n,
});

const size = (n: bigint): number => n.toString(2).length;

/** Units and remainder of a positive fraction in units of 2^exponent. */
function inUnits({ n, d }: Fraction, exponent: number): { units: bigint; rest: bigint; of: bigint } {
  const [a, b] = exponent < 0 ? [n << BigInt(-exponent), d] : [n, d << BigInt(exponent)];
  return { units: a / b, rest: a % b, of: b };
}

/** Exponent of the unit in the last place that a value of this size has. */
export function unitOf(x: Fraction, f: Format): number {
  let exponent = Math.max(f.finest, size(x.n) - size(x.d) - Number(f.precision) - 1);
  while (inUnits(x, exponent).units >> f.precision !== 0n) exponent++;
  return exponent;
}

/** RN, section 1. */
export function round(x: Real, f: Format): bigint {
  if (x === "nan") return nanBits(f);
  if (!isFinite(x)) return infinityBits(f) + (x === "-inf" ? top(f) : 0n);
  const sign = x.negative ? top(f) : 0n;
  if (x.n === 0n) return sign;
  const exponent = unitOf(x, f);
  const { units, rest, of } = inUnits(x, exponent);
  const up = 2n * rest > of || (2n * rest === of && units % 2n === 1n);
  // The leading bit of the units adds one to the exponent field; a carry does so once more.
  const bits = (BigInt(exponent - f.finest) << (f.precision - 1n)) + units + (up ? 1n : 0n);
  return sign + (bits > infinityBits(f) ? infinityBits(f) : bits);
}

/** The whole number that a finite one has towards zero, with its sign. */
export function truncate(x: Fraction): bigint {
  return x.negative ? -(x.n / x.d) : x.n / x.d;
}

export function negate(x: Real): Real {
  if (isFinite(x)) return { ...x, negative: !x.negative };
  return x === "inf" ? "-inf" : x === "-inf" ? "inf" : x;
}

export const isNegative = (x: Real): boolean => (isFinite(x) ? x.negative : x === "-inf");
export const isZero = (x: Real): boolean => isFinite(x) && x.n === 0n;
const signed = (x: Fraction): bigint => (x.negative ? -x.n : x.n);

/** -1, 0 or 1; -0 equals +0. No NaN. */
export function order(x: Real, y: Real): number {
  if (!isFinite(x) || !isFinite(y)) {
    const rank = (r: Real): number => (r === "-inf" ? -1 : r === "inf" ? 1 : 0);
    return Math.sign(rank(x) - rank(y));
  }
  const [a, b] = [signed(x) * y.d, signed(y) * x.d];
  return a < b ? -1 : a > b ? 1 : 0;
}

export function product(x: Real, y: Real): Real {
  if (x === "nan" || y === "nan") return "nan";
  const negative = isNegative(x) !== isNegative(y);
  if (isFinite(x) && isFinite(y)) return { negative, n: x.n * y.n, d: x.d * y.d };
  return isZero(x) || isZero(y) ? "nan" : negative ? "-inf" : "inf";
}

export function quotient(x: Real, y: Real): Real {
  if (x === "nan" || y === "nan") return "nan";
  const negative = isNegative(x) !== isNegative(y);
  if (!isFinite(x)) return isFinite(y) ? (negative ? "-inf" : "inf") : "nan";
  if (!isFinite(y)) return { negative, n: 0n, d: 1n };
  if (y.n === 0n) return x.n === 0n ? "nan" : negative ? "-inf" : "inf";
  return { negative, n: x.n * y.d, d: x.d * y.n };
}

/** Exact sum; denominators are powers of two, so the larger one serves. */
export function sum(terms: readonly Real[]): Real {
  if (terms.includes("nan") || (terms.includes("inf") && terms.includes("-inf"))) return "nan";
  if (terms.includes("inf")) return "inf";
  if (terms.includes("-inf")) return "-inf";
  const finite = terms.filter(isFinite);
  const d = finite.reduce((most, x) => (x.d > most ? x.d : most), 1n);
  const total = finite.reduce((so, x) => so + signed(x) * (d / x.d), 0n);
  const negative = total === 0n ? finite.every((x) => x.n === 0n && x.negative) : total < 0n;
  return { negative, n: total < 0n ? -total : total, d };
}

/** Largest whole number not above x / y, for finite x and y that is not zero. */
export function floorQuotient(x: Fraction, y: Fraction): bigint {
  const [a, b] = [signed(x) * y.d, signed(y) * x.d];
  const q = a / b;
  return q * b !== a && a < 0n !== b < 0n ? q - 1n : q;
}

export function fromRatio(n: bigint, d: bigint): Fraction {
  return { negative: n < 0n, n: n < 0n ? -n : n, d };
}
