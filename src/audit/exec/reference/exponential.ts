import { infinity, ONE, type Finite } from "./binary32.js";
import { exp, SERIES_ERROR, twoOverSqrtPi } from "./fixed.js";
import {
  magnitudeUnits,
  MINUS_INFINITY,
  MINUS_ONE,
  odd,
  PLUS_INFINITY,
  reaches,
  type Rule,
  scaleFor,
  units,
} from "./rule.js";
import { type Enclosure, quotient } from "./ziv.js";

/** e^|x| in units, off by less than `error` units; |x| < 2^9. */
function expMagnitude(x: Finite, scale: number, factor = 1n): { value: bigint; error: bigint } {
  const { mantissa, shift } = exp(factor * magnitudeUnits(x, scale), scale);
  return { value: mantissa << BigInt(shift), error: SERIES_ERROR << BigInt(shift) };
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

export const EXPONENTIAL = {
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
} satisfies Record<string, Rule>;
