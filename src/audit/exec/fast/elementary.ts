import {
  ATAN_EIGHTHS,
  ERF_DEGREE,
  ERF_TAYLOR,
  HALF_PI,
  INVERSE_LN2,
  LN2_HI,
  LN2_LO,
  PI,
  POWERS_OF_TWO,
  POWERS_ZERO,
  TURN_HEAD,
  TURN_MIDDLE,
  TURN_TAIL,
  TWO_OVER_SQRT_PI,
} from "./constants.js";

/*
 * Elementary functions of binary32 numbers in binary64, from + - * / and sqrt alone, so that every machine computes the same
 * bits. Each is within 2^-48 of its value, relatively, wherever that is in the range of binary32, or is the binary32 number that
 * the value rounds to; where a value overflows or underflows binary32 they may give HUGE, infinity or 0 instead. Polynomials are
 * Taylor's, cut below 2^-53. `npm run sweep` compares all operands of all functions with another method.
 */

/** Below it x + c x^3 rounds to x for |c| <= 1/2, and 1 + c x^2 to 1: half a unit in the last place is at least 2^-25. */
const TINY = 2 ** -13;
/** Below it x + c x^2 rounds to x for |c| <= 1/2, 1 + x to 1 and 1/2 + x/4 to 1/2. */
const TINIEST = 2 ** -25;
/** Overflows binary32, and not binary64 when it is squared. */
const HUGE = 2 ** 500;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const single = new Float32Array(1);
const singleWord = new Uint32Array(single.buffer);

/** e^r for |r| < 0.35. */
function expPolynomial(r: number): number {
  const z = r * r;
  const even =
    1 + z * (1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * (1 / 3628800 + z * (1 / 479001600))))));
  const odd =
    1 + z * (1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * (1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800))))));
  return even + r * odd;
}

/** e^(head + rest) for a small rest; HUGE and 0 beyond |head| = 250. */
export function expSum(head: number, rest: number): number {
  if (head > 250) return HUGE;
  if (head < -250) return 0;
  const k = Math.floor(head * INVERSE_LN2 + 0.5);
  // The head's product is exact and so is the difference, which cancels.
  const r = head - k * LN2_HI + (rest - k * LN2_LO);
  return expPolynomial(r) * POWERS_OF_TWO[k + POWERS_ZERO]!;
}

export function exp(x: number): number {
  if (Math.abs(x) < TINIEST) return 1;
  return Number.isNaN(x) ? x : expSum(x, 0);
}

export function expm1(x: number): number {
  if (Math.abs(x) < TINIEST) return x;
  if (x > 0.35 || x < -0.3) return exp(x) - 1;
  const z = x * x;
  const odd =
    1 + z * (1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * (1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800))))));
  const even = 1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * (1 / 3628800 + z * (1 / 479001600)))));
  return x * odd + z * even;
}

/** 2 atanh(s) for |s| < 0.172. */
function twiceAtanh(s: number): number {
  const z = s * s;
  const series =
    z *
    (1 / 3 +
      z *
        (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19)))))))));
  return 2 * s + 2 * s * series;
}

/** log of a normal positive binary64 number, 0, infinity or NaN; NaN below 0. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x === Infinity ? x : NaN;
  double[0] = x;
  let e = (words[1]! >>> 20) - 1023;
  words[1] = (words[1]! & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > 1.41) {
    m /= 2;
    e++;
  }
  return e * LN2_HI + (e * LN2_LO + twiceAtanh((m - 1) / (m + 1)));
}

export function log1p(x: number): number {
  if (Math.abs(x) < TINIEST) return x;
  return x > -0.29 && x < 0.41 ? twiceAtanh(x / (2 + x)) : log(1 + x);
}

function sinSmall(r: number): number {
  const z = r * r;
  const series =
    z *
    (-1 / 6 +
      z *
        (1 / 120 +
          z * (-1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 - z / 1307674368000))))));
  return r + r * series;
}

function cosSmall(r: number): number {
  const z = r * r;
  return (
    1 +
    z *
      (-1 / 2 +
        z *
          (1 / 24 +
            z *
              (-1 / 720 +
                z *
                  (1 / 40320 +
                    z * (-1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z / 20922789888000)))))))
  );
}

/**
 * Quarter turns nearest to a finite binary32 x >= 0, and in `double` the rest, |rest| < 0.8, after Payne and Hanek: x = m 2^e, and m times
 * 2^e 2/pi without whole turns, in pieces of which the first two products are exact.
 */
function reduce(x: number): number {
  if (x < 0.78) {
    double[0] = x;
    return 0;
  }
  single[0] = x;
  const m = (singleWord[0]! & 0x7fffff) | 0x800000;
  const k = (singleWord[0]! >>> 23) - 126;
  const head = m * TURN_HEAD[k]!;
  const middle = m * TURN_MIDDLE[k]!;
  const whole = Math.floor(head + middle + 0.5);
  double[0] = (head - whole + middle + m * TURN_TAIL[k]!) * HALF_PI;
  return whole;
}

/** sin(x + quarters pi/2) for a finite binary32 x >= 0. */
function turned(x: number, quarters: number): number {
  const quadrant = reduce(x) + quarters;
  const rest = double[0]!;
  const value = quadrant & 1 ? cosSmall(rest) : sinSmall(rest);
  return quadrant & 2 ? -value : value;
}

export function sin(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return x;
  if (!(magnitude < Infinity)) return NaN;
  return x < 0 ? -turned(magnitude, 0) : turned(magnitude, 0);
}

export function cos(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return 1;
  return magnitude < Infinity ? turned(magnitude, 1) : NaN;
}

export function tan(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return x;
  if (!(magnitude < Infinity)) return NaN;
  const odd = reduce(magnitude) & 1;
  const rest = double[0]!;
  const sine = sinSmall(rest);
  const cosine = cosSmall(rest);
  const value = odd ? -cosine / sine : sine / cosine;
  return x < 0 ? -value : value;
}

/** atan(n / d) for n, d >= 0, not both 0 or infinite. */
function atanRatio(n: number, d: number): number {
  if (n > d) return HALF_PI - atanRatio(d, n);
  const q = n / d;
  const i = Math.floor(8 * q + 0.5);
  const t = i === 0 ? q : (q - i / 8) / (1 + q * (i / 8));
  const z = t * t;
  const series = z * (-1 / 3 + z * (1 / 5 + z * (-1 / 7 + z * (1 / 9 + z * (-1 / 11 + z / 13)))));
  return ATAN_EIGHTHS[i]! + (t + t * series);
}

export function atan(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude >= TINY)) return x;
  // The next term, 1/(3 x^3), is below 2^-55.
  const value = magnitude > 2 ** 18 ? HALF_PI - 1 / magnitude : atanRatio(magnitude, 1);
  return x < 0 ? -value : value;
}

export function asin(x: number): number {
  if (Math.abs(x) < TINY) return x;
  if (!(Math.abs(x) <= 1)) return NaN;
  const other = Math.sqrt((1 - x) * (1 + x));
  return x < 0 ? -atanRatio(-x, other) : atanRatio(x, other);
}

export function acos(x: number): number {
  // The next term, x^3/6, is below 2^-56.
  if (Math.abs(x) < 2 ** -18) return HALF_PI - x;
  if (!(Math.abs(x) <= 1)) return NaN;
  const other = Math.sqrt((1 - x) * (1 + x));
  return x < 0 ? PI - atanRatio(other, -x) : atanRatio(other, x);
}

export function sinh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return x;
  if (magnitude < 1) {
    const z = x * x;
    const series =
      z *
      (1 / 6 +
        z *
          (1 / 120 +
            z *
              (1 / 5040 +
                z *
                  (1 / 362880 +
                    z * (1 / 39916800 + z * (1 / 6227020800 + z * (1 / 1307674368000 + z / 355687428096000)))))));
    return x + x * series;
  }
  const power = exp(magnitude);
  const value = (power - 1 / power) / 2;
  return x < 0 ? -value : value;
}

export function cosh(x: number): number {
  if (Math.abs(x) < TINY) return 1;
  const power = exp(Math.abs(x));
  return (power + 1 / power) / 2;
}

export function tanh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return x;
  // 2 / (e^20 + 1) < 2^-27.
  if (magnitude > 10) return x < 0 ? -1 : 1;
  if (magnitude < 0.17) {
    const power = expm1(2 * x);
    return power / (power + 2);
  }
  const value = 1 - 2 / (exp(2 * magnitude) + 1);
  return x < 0 ? -value : value;
}

export function sigmoid(x: number): number {
  if (Math.abs(x) < TINIEST) return 0.5;
  // e^-18 < 2^-25, and e^-104 is below half of the smallest subnormal.
  if (x > 18) return 1;
  if (x < -104) return 0;
  return 1 / (1 + exp(-x));
}

export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude < 4)) return magnitude >= 4 ? Math.sign(x) : x;
  // The next term, x^2/3 of it, is below 2^-53.
  if (magnitude < 2 ** -26) return x * TWO_OVER_SQRT_PI;
  const i = Math.floor(8 * magnitude + 0.5);
  const h = magnitude - i / 8;
  const row = i * (ERF_DEGREE + 1);
  let value = 0;
  for (let n = ERF_DEGREE; n > 0; n--) value = (value + ERF_TAYLOR[row + n]!) * h;
  value += ERF_TAYLOR[row]!;
  return x < 0 ? -value : value;
}

export function asinh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY || magnitude === Infinity) return x;
  // log(x + sqrt(x^2 + 1)) is log 2x and less than 2^-54.
  if (magnitude > 2 ** 27) return x < 0 ? -log(2 * magnitude) : log(2 * magnitude);
  const square = magnitude * magnitude;
  const value = log1p(magnitude + square / (1 + Math.sqrt(1 + square)));
  return x < 0 ? -value : value;
}

export function acosh(x: number): number {
  if (!(x >= 1)) return NaN;
  if (x > 2 ** 27) return log(2 * x);
  const above = x - 1;
  return log1p(above + Math.sqrt(above * (above + 2)));
}

export function atanh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TINY) return x;
  if (!(magnitude <= 1)) return NaN;
  const value = log1p((2 * magnitude) / (1 - magnitude)) / 2;
  return x < 0 ? -value : value;
}
