import type { MapFn } from "../../src/audit/graph.js";
import { angleOf, bitLength, erf, exp, expFixed, log, root, sinCosOf } from "./fixed.js";

/*
 * The elementary functions as docs/audit.md, section 4, states them: values at special operands, and reals at all others.
 */

export const NAN = 0x7fc00000;
const INFINITY = 0x7f800000;
const ONE = 0x3f800000;
export const SIGN = 0x80000000;

/** A real: value * 2^-scale, good to at least 90 bits of its own. */
export interface Real {
  readonly value: bigint;
  readonly scale: number;
}

export interface Swept {
  /** f(-x) is -f(x), or f(x), for all x; NaN aside. */
  readonly parity: "odd" | "even" | "none";
  /** Rising or falling over every range of operands of one sign on which it is a number. */
  readonly monotone: boolean;
  /** The value at bits of a number: bits of a float where it is exact or saturated, else a real. */
  readonly at: (bits: number) => number | Real;
}

/** m * 2^e of the magnitude of finite bits. */
export function parts(bits: number): { m: bigint; e: number } {
  const field = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  return field === 0 ? { m: BigInt(fraction), e: -149 } : { m: BigInt(fraction | 0x800000), e: field - 150 };
}

/** Bits of scale: more for small operands, whose value may be as small. */
const scaleOf = (magnitude: number): number => (magnitude < 0x2f800000 ? 352 : 176);

interface Rule {
  readonly parity: "odd" | "even" | "none";
  readonly monotone?: false;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Bits at +-0, or "keep". */
  readonly zero: number | "keep";
  /** Bits of a known value; undefined where `real` is to be computed. Operands are finite and not 0. */
  readonly known?: (x: number) => number | undefined;
  /** The value at x, given in fixed point. */
  readonly real: (x: bigint, s: number, x64: number) => bigint | Real;
}

const minusOne = ONE + SIGN;
const minusInfinity = INFINITY + SIGN;

/** e^x as a real: its own exponent is part of the scale. */
function power(x: bigint, s: number): Real {
  const { mantissa, exponent } = exp(x, s);
  return { value: mantissa, scale: s - exponent };
}

const one = (s: number): bigint => 1n << BigInt(s);
const divide = (n: bigint, d: bigint, s: number): bigint => (n << BigInt(s)) / d;
/** The other leg of a right triangle of hypotenuse 1. */
const leg = (x: bigint, s: number): bigint => root(one(2 * s) - x * x);

/** e^100 / 2 > 2^128. */
const infiniteBeyond = (limit: number, below: number) => (x: number) =>
  x > limit ? INFINITY : x < -limit ? below : undefined;
const nanBeyondOne = (atOne: number | undefined, atMinusOne: number | undefined) => (x: number) =>
  Math.abs(x) > 1 ? NAN : x === 1 ? atOne : x === -1 ? atMinusOne : undefined;

const RULES = {
  exp: {
    parity: "none",
    positiveInfinity: INFINITY,
    negativeInfinity: 0,
    zero: ONE,
    known: infiniteBeyond(200, 0),
    real: power,
  },
  log: {
    parity: "none",
    positiveInfinity: INFINITY,
    negativeInfinity: NAN,
    zero: minusInfinity,
    known: (x) => (x < 0 ? NAN : x === 1 ? 0 : undefined),
    real: log,
  },
  sin: {
    parity: "odd",
    monotone: false,
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: "keep",
    real: (x, s) => sinCosOf(x, -s, s).sin,
  },
  cos: {
    parity: "even",
    monotone: false,
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: ONE,
    real: (x, s) => sinCosOf(x, -s, s).cos,
  },
  tan: {
    parity: "odd",
    monotone: false,
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: "keep",
    real: (x, s) => {
      const { sin, cos } = sinCosOf(x, -s, s);
      return divide(sin, cos, s);
    },
  },
  asin: {
    parity: "odd",
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: "keep",
    known: nanBeyondOne(undefined, undefined),
    real: (x, s) => angleOf(x, leg(x, s), s),
  },
  acos: {
    parity: "none",
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: 0x3fc90fdb,
    known: nanBeyondOne(0, undefined),
    real: (x, s) => angleOf(leg(x, s), x, s),
  },
  atan: {
    parity: "odd",
    positiveInfinity: 0x3fc90fdb,
    negativeInfinity: 0xbfc90fdb,
    zero: "keep",
    real: (x, s) => angleOf(x, one(s), s),
  },
  sinh: {
    parity: "odd",
    positiveInfinity: INFINITY,
    negativeInfinity: minusInfinity,
    zero: "keep",
    known: infiniteBeyond(100, minusInfinity),
    real: (x, s) => {
      const up = expFixed(x, s);
      return (up - divide(one(s), up, s)) >> 1n;
    },
  },
  cosh: {
    parity: "even",
    positiveInfinity: INFINITY,
    negativeInfinity: INFINITY,
    zero: ONE,
    known: infiniteBeyond(100, INFINITY),
    real: (x, s) => {
      const up = expFixed(x, s);
      return (up + divide(one(s), up, s)) >> 1n;
    },
  },
  asinh: {
    parity: "odd",
    positiveInfinity: INFINITY,
    negativeInfinity: minusInfinity,
    zero: "keep",
    real: (x, s) => log(x + root(x * x + one(2 * s)), s),
  },
  acosh: {
    parity: "none",
    positiveInfinity: INFINITY,
    negativeInfinity: NAN,
    zero: NAN,
    known: (x) => (x < 1 ? NAN : x === 1 ? 0 : undefined),
    real: (x, s) => log(x + root(x * x - one(2 * s)), s),
  },
  atanh: {
    parity: "odd",
    positiveInfinity: NAN,
    negativeInfinity: NAN,
    zero: "keep",
    known: nanBeyondOne(INFINITY, minusInfinity),
    real: (x, s) => log(divide(one(s) + x, one(s) - x, s), s) >> 1n,
  },
  tanh: {
    parity: "odd",
    positiveInfinity: ONE,
    negativeInfinity: minusOne,
    zero: "keep",
    known: (x) => (x > 20 ? ONE : x < -20 ? minusOne : undefined),
    real: (x, s) => {
      const up = expFixed(2n * x, s);
      return divide(up - one(s), up + one(s), s);
    },
  },
  sigmoid: {
    parity: "none",
    positiveInfinity: ONE,
    negativeInfinity: 0,
    zero: 0x3f000000,
    known: (x) => (x > 40 ? ONE : x < -200 ? 0 : undefined),
    real: (x, s) => {
      // 1 / (1 + e^-x); for x < 0 as e^x / (1 + e^x), whose exponent is part of the scale.
      const up = exp(x, s);
      const whole = one(s) + expFixed(x, s);
      return { value: divide(up.mantissa, whole, s), scale: s - up.exponent };
    },
  },
  erf: {
    parity: "odd",
    positiveInfinity: ONE,
    negativeInfinity: minusOne,
    zero: "keep",
    known: (x) => (x >= 4 ? ONE : x <= -4 ? minusOne : undefined),
    real: erf,
  },
  expm1: {
    parity: "none",
    positiveInfinity: INFINITY,
    negativeInfinity: minusOne,
    zero: "keep",
    known: infiniteBeyond(200, minusOne),
    real: (x, s) => expFixed(x, s) - one(s),
  },
  log1p: {
    parity: "none",
    positiveInfinity: INFINITY,
    negativeInfinity: NAN,
    zero: "keep",
    known: (x) => (x < -1 ? NAN : x === -1 ? minusInfinity : undefined),
    real: (x, s) => log(one(s) + x, s),
  },
} satisfies Partial<Record<MapFn, Rule>>;

export type SweptFn = keyof typeof RULES;

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

function swept(rule: Rule): Swept {
  return {
    parity: rule.parity,
    monotone: rule.monotone ?? true,
    at: (bits) => {
      const magnitude = bits & 0x7fffffff;
      const negative = bits >>> 31 === 1;
      if (magnitude > INFINITY) return NAN;
      if (magnitude === INFINITY) return negative ? rule.negativeInfinity : rule.positiveInfinity;
      if (magnitude === 0) return rule.zero === "keep" ? bits >>> 0 : rule.zero;
      singleBits[0] = bits;
      const x = single[0]!;
      const known = rule.known?.(x);
      if (known !== undefined) return known >>> 0;
      const { m, e } = parts(bits);
      const s = scaleOf(magnitude);
      const fixed = m << BigInt(e + s);
      const real = rule.real(negative ? -fixed : fixed, s, x);
      return typeof real === "bigint" ? { value: real, scale: s } : real;
    },
  };
}

export const SWEPT = Object.fromEntries(
  Object.entries<Rule>(RULES).map(([name, rule]) => [name, swept(rule)]),
) as Record<SweptFn, Swept>;

/** The real nearest to which binary32 number (ties can't be), and how far it is from a midpoint, in units in the last place. */
export function nearest({ value, scale }: Real): { bits: number; distance: number } {
  const magnitude = value < 0n ? -value : value;
  const quantum = Math.max(bitLength(magnitude) - scale - 24, -149);
  const shift = quantum + scale;
  // A value that has all its bits above its last place comes from a scale that is too coarse.
  const wide = shift < 64 ? magnitude << 128n : magnitude;
  const places = BigInt(shift < 64 ? shift + 128 : shift);
  const units = wide >> places;
  const half = 1n << (places - 1n);
  const rest = wide - (units << places);
  single[0] = Number(rest > half ? units + 1n : units) * 2 ** quantum;
  const bits = (singleBits[0]! | (value < 0n ? SIGN : 0)) >>> 0;
  const off = rest - half;
  const size = Math.max(0, bitLength(off) - 53);
  return { bits, distance: Number(off >> BigInt(size)) * 2 ** (size - Number(places)) };
}
