import { infinity, NAN } from "./binary32.js";
import { isqrt, log, SERIES_ERROR } from "./fixed.js";
import { againstOne, magnitudeUnits, MINUS_INFINITY, odd, PLUS_INFINITY, type Rule, scaleFor, units } from "./rule.js";

export const LOGARITHMIC = {
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
