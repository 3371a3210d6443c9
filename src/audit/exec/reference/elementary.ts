import { NAN, ONE, bitLength, decode, infinity, negate, signed, zero, type Finite } from "./binary32.js";
import { SERIES_ERROR, atan, exp, isqrt, log, pi, sinCosSmall, twoOverSqrtPi } from "./fixed.js";
import { floorDiv } from "./integers.js";
import { quotient, roundDecided, type Enclosure } from "./ziv.js";

/*
 * Transcendental functions of one binary32 operand. By the theorems of Lindemann-Weierstrass and Siegel-Shidlovskii their
 * values at the arguments that reach `roundDecided` are irrational, so that rounding is always decided: the exceptions are
 * the exact values listed per function.
 */

type Unary = (bits: bigint) => bigint;

interface Rule {
  /** Bits at -infinity, at +infinity, at +-0 (`keep`: the same zero). */
  readonly negativeInfinity: bigint;
  readonly positiveInfinity: bigint;
  readonly zero: bigint | "keep";
  /** Value at any other number: bits where it needs no series, else enclosures. */
  readonly finite: (x: Finite) => bigint | ((precision: number) => Enclosure);
}

const MINUS_ONE = negate(ONE);
const MINUS_INFINITY = infinity(true);
const PLUS_INFINITY = infinity(false);

function unary(rule: Rule): Unary {
  return (bits) => {
    const x = decode(bits);
    if (x.kind === "nan") return NAN;
    if (x.kind === "inf") return x.negative ? rule.negativeInfinity : rule.positiveInfinity;
    if (x.mantissa === 0n) return rule.zero === "keep" ? zero(x.negative) : rule.zero;
    const value = rule.finite(x);
    return typeof value === "bigint" ? value : roundDecided(value);
  };
}

/** A scale at which x is a whole number of units and keeps `precision` bits below its last place. */
function scaleFor(x: Finite, precision: number): number {
  return precision + Math.max(0, -x.exponent);
}

function units(x: Finite, scale: number): bigint {
  return signed(x) << BigInt(x.exponent + scale);
}

const magnitudeUnits = (x: Finite, scale: number): bigint => x.mantissa << BigInt(x.exponent + scale);

/** Whether |x| >= 2^power. */
function reaches(x: Finite, power: number): boolean {
  return bitLength(x.mantissa) + x.exponent > power;
}

/** -1, 0 or 1 as |x| < 1, = 1, > 1. */
function againstOne(x: Finite): number {
  if (!reaches(x, 0)) return -1;
  return reaches(x, 1) || x.mantissa << 1n !== 1n << BigInt(bitLength(x.mantissa)) ? 1 : 0;
}

/** An odd function, from the enclosure of its value at |x|. */
const odd =
  (x: Finite, enclose: (precision: number) => Enclosure) =>
  (precision: number): Enclosure => {
    const at = enclose(precision);
    return x.negative ? { ...at, value: -at.value } : at;
  };

/** e^|x| in units, off by less than `error` units; |x| < 2^9. */
function expMagnitude(x: Finite, scale: number, factor = 1n): { value: bigint; error: bigint } {
  const { mantissa, shift } = exp(factor * magnitudeUnits(x, scale), scale);
  return { value: mantissa << BigInt(shift), error: SERIES_ERROR << BigInt(shift) };
}

/** x = quadrant * pi/2 + rest: sin and cos of the rest in units. */
function reduce(x: Finite, scale: number): { quadrant: number; sin: bigint; cos: bigint } {
  // The quadrant's number has at most exponent + 24 bits, so that many more of pi/2 leave the rest off by less than a unit.
  const extra = Math.max(0, x.exponent + 24) + 4;
  const wide = units(x, scale + extra);
  const halfPi = pi(scale + extra) >> 1n;
  const quadrant = floorDiv(2n * wide + halfPi, 2n * halfPi);
  const rest = (wide - quadrant * halfPi) >> BigInt(extra);
  return { quadrant: Number(BigInt.asUintN(2, quadrant)), ...sinCosSmall(rest, scale) };
}

const TRIG_ERROR = 2n * SERIES_ERROR;

/** sin(x + turns * pi/2). */
function sine(x: Finite, turns: number, precision: number): Enclosure {
  const scale = scaleFor(x, precision);
  const { quadrant, sin, cos } = reduce(x, scale);
  const turned = (quadrant + turns) % 4;
  const value = turned % 2 === 0 ? sin : cos;
  return { value: turned < 2 ? value : -value, error: TRIG_ERROR, scale };
}

function tangent(x: Finite, precision: number): Enclosure {
  const scale = scaleFor(x, precision);
  const { quadrant, sin, cos } = reduce(x, scale);
  const [n, d] = quadrant % 2 === 0 ? [sin, cos] : [-cos, sin];
  const [above, below] = d < 0n ? [-n, -d] : [n, d];
  // So close to a pole that more precision must tell the sign.
  if (below <= TRIG_ERROR) return { value: 0n, error: 1n << BigInt(scale + 256), scale };
  return quotient(above, TRIG_ERROR, below, TRIG_ERROR, scale);
}

/** Legs of the right triangle with hypotenuse 1 and one leg |x|, in units; the other is off by less than one. */
function legs(x: Finite, scale: number): [bigint, bigint] {
  const leg = magnitudeUnits(x, scale);
  return [leg, isqrt((1n << BigInt(2 * scale)) - leg * leg)];
}

/**
 * erf x = 2/sqrt(pi) e^(-x^2) (sum of x (2x^2)^n / (2n+1)!!) for 0 < x < 4. A unit lost in one term grows by less than
 * e^16 < 2^24 over the later ones; with at most 2^13 terms of four lost units each, and the error of e^(-x^2) times a sum below
 * 2^24, the value is off by less than 2^42 units.
 */
function erf(x: Finite, precision: number): Enclosure {
  const scale = scaleFor(x, precision);
  const s = BigInt(scale);
  const leg = magnitudeUnits(x, scale);
  const square = (leg * leg) >> s;
  let term = leg;
  let sum = leg;
  for (let n = 3n; term !== 0n; n += 2n) {
    term = ((term * square) >> (s - 1n)) / n;
    sum += term;
  }
  const { mantissa, shift } = exp(-square, scale);
  const gauss = (mantissa * twoOverSqrtPi(scale)) >> BigInt(scale - shift);
  return { value: (sum * gauss) >> s, error: 1n << 42n, scale };
}

const RULES = {
  exp: {
    negativeInfinity: 0n,
    positiveInfinity: PLUS_INFINITY,
    zero: ONE,
    finite: (x) => {
      if (reaches(x, 8)) return x.negative ? 0n : PLUS_INFINITY;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const { mantissa, shift } = exp(units(x, scale), scale);
        return { value: mantissa, error: SERIES_ERROR, scale: scale - shift };
      };
    },
  },
  expm1: {
    negativeInfinity: MINUS_ONE,
    positiveInfinity: PLUS_INFINITY,
    zero: "keep",
    finite: (x) => {
      if (reaches(x, 8)) return x.negative ? MINUS_ONE : PLUS_INFINITY;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const { mantissa, shift } = exp(units(x, scale), scale);
        const power = shift < 0 ? mantissa >> BigInt(-shift) : mantissa << BigInt(shift);
        const error = SERIES_ERROR << BigInt(Math.max(0, shift));
        return { value: power - (1n << BigInt(scale)), error: error + 1n, scale };
      };
    },
  },
  log: {
    negativeInfinity: NAN,
    positiveInfinity: PLUS_INFINITY,
    zero: MINUS_INFINITY,
    finite: (x) => {
      if (x.negative) return NAN;
      if (againstOne(x) === 0) return 0n;
      // |log x| is at least 2^-25.
      return (precision) => ({
        value: log(x.mantissa, x.exponent, precision + 25),
        error: SERIES_ERROR,
        scale: precision + 25,
      });
    },
  },
  log1p: {
    negativeInfinity: NAN,
    positiveInfinity: PLUS_INFINITY,
    zero: "keep",
    finite: (x) => {
      const order = againstOne(x);
      if (x.negative && order >= 0) return order === 0 ? MINUS_INFINITY : NAN;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const value = log((1n << BigInt(scale)) + units(x, scale), -scale, scale);
        return { value, error: SERIES_ERROR, scale };
      };
    },
  },
  sin: { negativeInfinity: NAN, positiveInfinity: NAN, zero: "keep", finite: (x) => (p) => sine(x, 0, p) },
  cos: { negativeInfinity: NAN, positiveInfinity: NAN, zero: ONE, finite: (x) => (p) => sine(x, 1, p) },
  tan: { negativeInfinity: NAN, positiveInfinity: NAN, zero: "keep", finite: (x) => (p) => tangent(x, p) },
  asin: {
    negativeInfinity: NAN,
    positiveInfinity: NAN,
    zero: "keep",
    finite: (x) => {
      if (againstOne(x) > 0) return NAN;
      return odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        const [leg, other] = legs(x, scale);
        return { value: atan(leg, other, scale), error: 2n * SERIES_ERROR, scale };
      });
    },
  },
  acos: {
    negativeInfinity: NAN,
    positiveInfinity: NAN,
    zero: roundDecided((precision) => ({ value: pi(precision), error: 1n, scale: precision + 1 })),
    finite: (x) => {
      const order = againstOne(x);
      if (order > 0) return NAN;
      if (order === 0 && !x.negative) return 0n;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const [leg, other] = legs(x, scale);
        const angle = atan(other, leg, scale);
        return { value: x.negative ? pi(scale) - angle : angle, error: 2n * SERIES_ERROR, scale };
      };
    },
  },
  atan: {
    negativeInfinity: roundDecided((precision) => ({ value: -pi(precision), error: 1n, scale: precision + 1 })),
    positiveInfinity: roundDecided((precision) => ({ value: pi(precision), error: 1n, scale: precision + 1 })),
    zero: "keep",
    finite: (x) =>
      odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        return { value: atan(magnitudeUnits(x, scale), 1n << BigInt(scale), scale), error: SERIES_ERROR, scale };
      }),
  },
  sinh: {
    negativeInfinity: MINUS_INFINITY,
    positiveInfinity: PLUS_INFINITY,
    zero: "keep",
    finite: (x) => {
      if (reaches(x, 8)) return infinity(x.negative);
      return odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        const { value, error } = expMagnitude(x, scale);
        return { value: value - (1n << BigInt(2 * scale)) / value, error: 2n * error + 1n, scale: scale + 1 };
      });
    },
  },
  cosh: {
    negativeInfinity: PLUS_INFINITY,
    positiveInfinity: PLUS_INFINITY,
    zero: ONE,
    finite: (x) => {
      if (reaches(x, 8)) return PLUS_INFINITY;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const { value, error } = expMagnitude(x, scale);
        return { value: value + (1n << BigInt(2 * scale)) / value, error: 2n * error + 1n, scale: scale + 1 };
      };
    },
  },
  tanh: {
    negativeInfinity: MINUS_ONE,
    positiveInfinity: ONE,
    zero: "keep",
    finite: (x) => {
      // 1 - tanh 16 < 2^-45.
      if (reaches(x, 4)) return x.negative ? MINUS_ONE : ONE;
      return odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        const one = 1n << BigInt(scale);
        const { value, error } = expMagnitude(x, scale, 2n);
        return quotient(value - one, error, value + one, error, scale);
      });
    },
  },
  sigmoid: {
    negativeInfinity: 0n,
    positiveInfinity: ONE,
    zero: 0x3f000000n,
    finite: (x) => {
      if (reaches(x, 8)) return x.negative ? 0n : ONE;
      return (precision) => {
        // At x < 0 the value falls like e^x > 2^(1.5 x - 2), and takes as many more bits.
        const fall = x.negative ? 2 + Math.ceil(1.5 * (Number(magnitudeUnits(x, 149) >> 149n) + 1)) : 0;
        const scale = scaleFor(x, precision) + fall;
        const one = 1n << BigInt(scale);
        const { value, error } = expMagnitude(x, scale);
        return x.negative
          ? quotient(one, 0n, value + one, error, scale)
          : quotient(value, error, value + one, error, scale);
      };
    },
  },
  erf: {
    negativeInfinity: MINUS_ONE,
    positiveInfinity: ONE,
    zero: "keep",
    finite: (x) => {
      // 1 - erf 4 < 2^-25.
      if (reaches(x, 2)) return x.negative ? MINUS_ONE : ONE;
      return odd(x, (precision) => erf(x, precision));
    },
  },
  asinh: {
    negativeInfinity: MINUS_INFINITY,
    positiveInfinity: PLUS_INFINITY,
    zero: "keep",
    finite: (x) =>
      odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        const leg = magnitudeUnits(x, scale);
        const sum = leg + isqrt(leg * leg + (1n << BigInt(2 * scale)));
        return { value: log(sum, -scale, scale), error: 2n * SERIES_ERROR, scale };
      }),
  },
  acosh: {
    negativeInfinity: NAN,
    positiveInfinity: PLUS_INFINITY,
    zero: NAN,
    finite: (x) => {
      const order = againstOne(x);
      if (x.negative || order < 0) return NAN;
      if (order === 0) return 0n;
      return (precision) => {
        const scale = scaleFor(x, precision);
        const leg = magnitudeUnits(x, scale);
        const sum = leg + isqrt(leg * leg - (1n << BigInt(2 * scale)));
        return { value: log(sum, -scale, scale), error: 2n * SERIES_ERROR, scale };
      };
    },
  },
  atanh: {
    negativeInfinity: NAN,
    positiveInfinity: NAN,
    zero: "keep",
    finite: (x) => {
      const order = againstOne(x);
      if (order >= 0) return order === 0 ? infinity(x.negative) : NAN;
      return odd(x, (precision) => {
        const scale = scaleFor(x, precision);
        const one = 1n << BigInt(scale);
        const leg = magnitudeUnits(x, scale);
        const value = log(one + leg, -scale, scale) - log(one - leg, -scale, scale);
        return { value, error: 2n * SERIES_ERROR, scale: scale + 1 };
      });
    },
  },
} satisfies Record<string, Rule>;

/**
 * An enclosure of the value at binary32 bits with about `precision` good bits; undefined where the value is exact or known
 * without a series. For measuring other implementations.
 */
export function encloseElementary(fn: ElementaryFn, bits: bigint, precision: number): Enclosure | undefined {
  const x = decode(bits);
  if (x.kind !== "finite" || x.mantissa === 0n) return undefined;
  const rule: Rule = RULES[fn];
  const value = rule.finite(x);
  return typeof value === "bigint" ? undefined : value(precision);
}

export type ElementaryFn = keyof typeof RULES;

/** RN of each function at binary32 bits, every special value included. */
export const ELEMENTARY = Object.fromEntries(
  Object.entries<Rule>(RULES).map(([name, rule]) => [name, unary(rule)]),
) as Record<ElementaryFn, Unary>;
