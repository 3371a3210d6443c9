import { NAN, ONE, canonical, decode, infinity, negate, roundDyadic, zero } from "./binary32.js";
import { isqrt } from "./fixed.js";

/*
 * Functions of one binary32 operand whose value is exact or a square root.
 */

type Unary = (bits: bigint) => bigint;

/** Rounding to an integral number: `up(whole, rest, half, negative)` says whether the magnitude `whole` grows by one. */
function integral(up: (whole: bigint, rest: bigint, half: bigint, negative: boolean) => boolean): Unary {
  return (bits) => {
    const x = decode(bits);
    if (x.kind !== "finite" || x.exponent >= 0) return canonical(bits);
    const shift = BigInt(-x.exponent);
    const whole = x.mantissa >> shift;
    const rest = x.mantissa - (whole << shift);
    const grows = rest !== 0n && up(whole, rest, 1n << (shift - 1n), x.negative);
    return roundDyadic(x.negative, grows ? whole + 1n : whole, 0);
  };
}

function sqrt(bits: bigint): bigint {
  const x = decode(bits);
  if (x.kind === "nan") return NAN;
  if (x.kind === "finite" && x.mantissa === 0n) return bits;
  if (x.negative) return NAN;
  if (x.kind === "inf") return infinity(false);
  // An even exponent, and at least 26 bits of root.
  const shift = 54 + (x.exponent & 1);
  const radicand = x.mantissa << BigInt(shift);
  const root = isqrt(radicand);
  return roundDyadic(false, root, (x.exponent - shift) / 2, root * root !== radicand);
}

function sign(bits: bigint): bigint {
  const x = decode(bits);
  if (x.kind === "nan") return NAN;
  if (x.kind === "finite" && x.mantissa === 0n) return zero(x.negative);
  return x.negative ? negate(ONE) : ONE;
}

export const ALGEBRAIC = {
  copy: canonical,
  neg: negate,
  abs: (bits) => canonical(bits & 0x7fffffffn),
  sign,
  floor: integral((_whole, _rest, _half, negative) => negative),
  ceil: integral((_whole, _rest, _half, negative) => !negative),
  round: integral((whole, rest, half) => rest > half || (rest === half && (whole & 1n) === 1n)),
  sqrt,
} satisfies Record<string, Unary>;
