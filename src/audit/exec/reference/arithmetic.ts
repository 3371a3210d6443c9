import {
  NAN,
  canonical,
  compare,
  decode,
  infinity,
  isNaNBits,
  negate,
  orderKey,
  roundDyadic,
  roundRational,
  signed,
  zero,
  type Finite,
} from "./binary32.js";
import { floorDiv } from "./integers.js";
import { createExactSum } from "./sum.js";

/*
 * Functions of two and three binary32 operands but `pow`.
 */

type Binary = (x: bigint, y: bigint) => bigint;

/** RN(x*y + z) with one rounding. */
export function fma(x: bigint, y: bigint, z: bigint): bigint {
  const sum = createExactSum();
  sum.addProduct(decode(x), decode(y));
  sum.add(decode(z));
  return sum.round();
}

const add: Binary = (x, y) => {
  const sum = createExactSum();
  sum.add(decode(x));
  sum.add(decode(y));
  return sum.round();
};

const mul: Binary = (x, y) => {
  const sum = createExactSum();
  sum.addProduct(decode(x), decode(y));
  return sum.round();
};

const div: Binary = (xBits, yBits) => {
  const x = decode(xBits);
  const y = decode(yBits);
  if (x.kind === "nan" || y.kind === "nan") return NAN;
  const negative = x.negative !== y.negative;
  if (x.kind === "inf") return y.kind === "inf" ? NAN : infinity(negative);
  if (y.kind === "inf") return zero(negative);
  if (y.mantissa === 0n) return x.mantissa === 0n ? NAN : infinity(negative);
  const [numerator, denominator] = aligned(x, y);
  return roundRational(
    negative,
    numerator < 0n ? -numerator : numerator,
    denominator < 0n ? -denominator : denominator,
  );
};

/** Two finite numbers as whole multiples of one unit, 2^exponent. */
function aligned(x: Finite, y: Finite): [bigint, bigint, number] {
  const exponent = Math.min(x.exponent, y.exponent);
  return [signed(x) << BigInt(x.exponent - exponent), signed(y) << BigInt(y.exponent - exponent), exponent];
}

/** A remainder: `ofInfinity` where y is infinite, `rest` (a whole multiple of the common unit) else; `zeroLikeY`: sign of a zero. */
function remainder(ofInfinity: Binary, rest: (x: bigint, y: bigint) => bigint, zeroLikeY: boolean): Binary {
  return (xBits, yBits) => {
    const x = decode(xBits);
    const y = decode(yBits);
    if (x.kind !== "finite" || y.kind === "nan") return NAN;
    if (y.kind === "inf") return ofInfinity(xBits, yBits);
    if (y.mantissa === 0n) return NAN;
    const [a, b, exponent] = aligned(x, y);
    const value = rest(a, b);
    if (value === 0n) return zero(zeroLikeY ? y.negative : x.negative);
    return roundDyadic(value < 0n, value < 0n ? -value : value, exponent);
  };
}

const isZero = (bits: bigint): boolean => (bits & 0x7fffffffn) === 0n;
const isNegative = (bits: bigint): boolean => bits >> 31n === 1n;

const mod = remainder(
  (x, y) => {
    return isZero(x) || isNegative(x) === isNegative(y) ? x : y;
  },
  (x, y) => x - y * floorDiv(x, y),
  true,
);

const fmod = remainder(
  (x) => x,
  (x, y) => x % y,
  false,
);

/** The operand that `wanted` prefers by its place in the order with -0 < +0; NaN if either is. */
const extremum =
  (wanted: (x: bigint, y: bigint) => boolean): Binary =>
  (x, y) => {
    if (isNaNBits(x) || isNaNBits(y)) return NAN;
    return wanted(orderKey(x), orderKey(y)) ? x : y;
  };

const prelu: Binary = (x, slope) => {
  const below = !isNaNBits(x) && compare(x, 0n) < 0;
  return below ? mul(x, slope) : canonical(x);
};

export const ARITHMETIC = {
  add,
  sub: (x, y) => add(x, negate(y)),
  mul,
  div,
  mod,
  fmod,
  min: extremum((x, y) => x < y),
  max: extremum((x, y) => x > y),
  prelu,
} satisfies Record<string, Binary>;
