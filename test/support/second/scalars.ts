import { exp, log } from "../../../scripts/sweep/fixed.js";
import { SWEPT, type SweptFn } from "../../../scripts/sweep/functions.js";
import { bitsAt } from "../../../scripts/sweep/plan.js";
import {
  F32,
  F64,
  floorQuotient,
  type Fraction,
  fromRatio,
  integer,
  isFinite,
  isNegative,
  isZero,
  nanBits,
  negate,
  order,
  product,
  quotient,
  read,
  type Real,
  round,
  sum,
  truncate,
  unitOf,
} from "./floats.js";

/*
 * Section 4 of docs/audit.md for the second implementation: functions by their codes on element bits.
 */

/** Bytes by dtype code, section 1. */
export const WIDTH: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  11: 8,
  12: 4,
  13: 8,
};
const [FLOAT, BOOL, DOUBLE] = [1, 9, 11];
const isSigned = (dtype: number): boolean => [3, 5, 6, 7].includes(dtype);
const isFloating = (dtype: number): boolean => dtype === FLOAT || dtype === DOUBLE;
const bitsOf = (dtype: number): number => 8 * WIDTH[dtype]!;
const formatOf = (dtype: number): typeof F32 => (dtype === FLOAT ? F32 : F64);

export function whole(bits: bigint, dtype: number): bigint {
  if (dtype === BOOL) return bits === 0n ? 0n : 1n;
  return isSigned(dtype) ? BigInt.asIntN(bitsOf(dtype), bits) : BigInt.asUintN(bitsOf(dtype), bits);
}

export const real = (bits: bigint, dtype: number): Real =>
  isFloating(dtype) ? read(bits, formatOf(dtype)) : integer(whole(bits, dtype));

const wrap = (value: bigint, dtype: number): bigint => BigInt.asUintN(bitsOf(dtype), value);

function clamp(x: Real, dtype: number): bigint {
  const n = BigInt(bitsOf(dtype));
  const [low, high] = isSigned(dtype) ? [-(1n << (n - 1n)), (1n << (n - 1n)) - 1n] : [0n, (1n << n) - 1n];
  if (x === "nan") return 0n;
  if (!isFinite(x)) return wrap(x === "inf" ? high : low, dtype);
  const value = truncate(x);
  return wrap(value < low ? low : value > high ? high : value, dtype);
}

export function copy(bits: bigint, dtype: number): bigint {
  if (isFloating(dtype)) return read(bits, formatOf(dtype)) === "nan" ? nanBits(formatOf(dtype)) : bits;
  return wrap(whole(bits, dtype), dtype);
}

/** Order of section 4: NaN above everything, -0 like +0. */
export function rank(x: bigint, y: bigint, dtype: number): number {
  const [a, b] = [real(x, dtype), real(y, dtype)];
  if (a === "nan" || b === "nan") return Number(a === "nan") - Number(b === "nan");
  return order(a, b);
}

export function extremum(max: boolean, x: bigint, y: bigint, dtype: number): bigint {
  const [a, b] = [real(x, dtype), real(y, dtype)];
  if (a === "nan" || b === "nan") return copy(a === "nan" ? x : y, dtype);
  const compared = order(a, b) || Number(isNegative(b)) - Number(isNegative(a));
  return copy(compared > 0 === max ? x : y, dtype);
}

const nearestEven = (x: Fraction): bigint => {
  const down = floorQuotient(x, integer(1n));
  const twice = floorQuotient({ ...x, n: 2n * x.n }, integer(1n)) - 2n * down;
  const half = twice === 1n && (2n * x.n) % x.d === 0n;
  return half ? down + (down & 1n) : down + twice;
};

/** Rounding to whole numbers keeps the sign, of a zero too. */
function integral(bits: bigint, to: (x: Fraction) => bigint): bigint {
  const x = read(bits, F32);
  if (!isFinite(x)) return copy(bits, FLOAT);
  return round({ ...integer(to(x)), negative: x.negative }, F32);
}

function squareRoot(bits: bigint): bigint {
  const x = read(bits, F32);
  if (x === "nan" || (isNegative(x) && !isZero(x))) return nanBits(F32);
  if (!isFinite(x) || x.n === 0n) return bits;
  // floor(sqrt(n/d 4^k)) by bisection; a rest stands as a little more, which can't reach a midpoint of 80 bits less.
  const target = (x.n << 600n) / x.d;
  let [low, high] = [0n, 1n << 400n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle * middle <= target) low = middle;
    else high = middle;
  }
  return round(fromRatio(2n * low + (low * low * x.d === x.n << 600n ? 0n : 1n), 1n << 301n), F32);
}

/** RN(|x|^y) for finite x > 0 and y: e^(y log x), on a midpoint where it comes within 2^-100 of one. */
function powerOf(x: Fraction, y: Fraction): bigint {
  const scale = 400;
  const s = BigInt(scale);
  const exponent = (log((x.n << s) / x.d, scale) * (y.negative ? -y.n : y.n)) / y.d;
  if (exponent > 200n << s) return round("inf", F32);
  if (exponent < -200n << s) return 0n;
  const { mantissa, exponent: shift } = exp(exponent, scale);
  const value =
    shift < 0 ? fromRatio(mantissa, 1n << BigInt(scale - shift)) : fromRatio(mantissa << BigInt(shift), 1n << s);
  // In halves of the last place, cut to 100 bits of them.
  const places = BigInt(101 - unitOf(value, F32));
  const fine = places > 0n ? (value.n << places) / value.d : value.n / (value.d << -places);
  const halves = (fine + (1n << 99n)) >> 100n;
  const off = fine - (halves << 100n);
  if (off * off > 1n << 20n) return round(value, F32);
  return round(places > 0n ? fromRatio(halves << 100n, 1n << places) : fromRatio(halves << (100n - places), 1n), F32);
}

function power(bits: bigint, y: Real, isOdd: boolean, isWhole: boolean): bigint {
  const x = read(bits, F32);
  const one = round(integer(1n), F32);
  if (isZero(y) || bits === one) return one;
  if (x === "nan" || y === "nan") return nanBits(F32);
  const magnitude = isNegative(x) ? negate(x) : x;
  if (!isFinite(y)) {
    const against = order(magnitude, integer(1n));
    return against === 0 ? one : against > 0 === (y === "inf") ? round("inf", F32) : 0n;
  }
  const sign = isNegative(x) && isOdd ? 1n << 31n : 0n;
  if (!isFinite(x) || x.n === 0n) return sign | (isZero(x) === y.negative ? round("inf", F32) : 0n);
  if (x.negative && !isWhole) return nanBits(F32);
  return sign | powerOf(magnitude as Fraction, y);
}

function powerInteger(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) return base === 1n ? 1n : base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
  let [value, square, rest] = [1n, BigInt.asUintN(64, base), exponent];
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) value = BigInt.asUintN(64, value * square);
    square = BigInt.asUintN(64, square * square);
  }
  return value;
}

/** mod (sign of the divisor) and fmod (sign of the dividend) of f32. */
function remainder(a: bigint, b: bigint, floored: boolean): bigint {
  const [x, y] = [read(a, F32), read(b, F32)];
  if (!isFinite(x) || y === "nan" || isZero(y)) return nanBits(F32);
  if (!isFinite(y)) return !floored || x.n === 0n || isNegative(x) === isNegative(y) ? a : b;
  const q = floored ? floorQuotient(x, y) : truncate(quotient(x, y) as Fraction);
  const rest = sum([x, negate(product(integer(q), y))]) as Fraction;
  return round({ ...rest, negative: rest.n === 0n ? (floored ? y : x).negative : rest.negative }, F32);
}

const ELEMENTARY: readonly SweptFn[] = [
  "exp",
  "log",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "tanh",
  "sigmoid",
  "erf",
  "expm1",
  "log1p",
];

/** A map function on element bits. */
export function apply(fn: number, dtypes: readonly number[], result: number, v: readonly bigint[]): bigint {
  const dtype = dtypes[0]!;
  const [a, b, c] = v as [bigint, bigint, bigint];
  const float = dtype === FLOAT;
  const [x, y, z] = v.map((bits, i) => real(bits, dtypes[i]!)) as [Real, Real, Real];
  const [i, j] = float ? [0n, 0n] : [whole(a, dtype), v.length > 1 ? whole(b, dtypes[1]!) : 0n];
  const yes = (condition: boolean): bigint => (condition ? 1n : 0n);
  if (fn >= 9 && fn <= 26) return BigInt(bitsAt(SWEPT[ELEMENTARY[fn - 9]!], Number(a)));
  switch (fn) {
    case 1:
    case 56:
      return copy(a, dtype);
    case 2:
      return float ? round(negate(x), F32) : wrap(-i, result);
    case 3:
      return float ? round(isNegative(x) ? negate(x) : x, F32) : wrap(i < 0n ? -i : i, result);
    case 4:
      if (float) return x === "nan" || isZero(x) ? copy(a, dtype) : round(integer(isNegative(x) ? -1n : 1n), F32);
      return wrap(i > 0n ? 1n : i < 0n ? -1n : 0n, result);
    case 5:
      return integral(a, (value) => floorQuotient(value, integer(1n)));
    case 6:
      return integral(a, (value) => -floorQuotient({ ...value, negative: !value.negative }, integer(1n)));
    case 7:
      return integral(a, nearestEven);
    case 8:
      return squareRoot(a);
    case 27:
      return dtype === BOOL ? 1n - i : wrap(~i, result);
    case 28:
      return yes(x === "nan");
    case 29:
      return yes(x === "inf" || x === "-inf");
    case 30:
      if (result === BOOL) return yes(!isZero(x));
      if (isFloating(result)) return isFloating(dtype) ? round(x, formatOf(result)) : round(x, formatOf(result));
      return isFloating(dtype) ? clamp(x, result) : wrap(i, result);
    case 32:
      return float ? round(sum([x, y]), F32) : wrap(i + j, result);
    case 33:
      return float ? round(sum([x, negate(y)]), F32) : wrap(i - j, result);
    case 34:
      return float ? round(product(x, y), F32) : wrap(i * j, result);
    case 35:
      return float ? round(quotient(x, y), F32) : wrap(j === 0n ? 0n : i / j, result);
    case 36:
    case 37:
      return extremum(fn === 37, a, b, dtype);
    case 38: {
      if (!float) return wrap(powerInteger(i, j), result);
      const isWhole = isFinite(y) && y.n % y.d === 0n;
      return power(a, y, isWhole && (y.n / y.d) % 2n === 1n, isWhole);
    }
    case 39:
      if (float) return remainder(a, b, true);
      return wrap(j === 0n ? 0n : i - j * floorQuotient(integer(i), integer(j)), result);
    case 40:
      return float ? remainder(a, b, false) : wrap(j === 0n ? 0n : i % j, result);
    case 41:
      return wrap(i & j, result);
    case 42:
      return wrap(i | j, result);
    case 43:
      return wrap(i ^ j, result);
    case 44:
    case 45:
      return j >= BigInt(bitsOf(dtype)) ? 0n : wrap(fn === 44 ? i << j : i >> j, result);
    case 46:
      return yes(x !== "nan" && y !== "nan" && order(x, y) === 0);
    case 47:
      return yes(x !== "nan" && y !== "nan" && order(x, y) < 0);
    case 48:
      return yes(x !== "nan" && y !== "nan" && order(x, y) <= 0);
    case 49:
      return x !== "nan" && order(x, integer(0n)) < 0 ? round(product(x, y), F32) : copy(a, FLOAT);
    case 52:
      return copy(a !== 0n ? b : c, result);
    case 53: {
      const zero = whole(c, result);
      const q = read(round(quotient(x, y), F32), F32);
      if (q === "nan") return wrap(zero, result);
      return clamp(isFinite(q) ? integer(nearestEven(q) + zero) : q, result);
    }
    case 54:
      return round(product(read(round(integer(i - whole(c, dtype)), F32), F32), read(b, F32)), F32);
    case 55:
      return round(sum([product(x, y), z]), F32);
    default:
      throw new Error(`no function ${fn}`);
  }
}
