import { NAN, ONE, type Finite } from "./binary32.js";
import { atan, isqrt, pi, SERIES_ERROR, sinCosSmall } from "./fixed.js";
import { floorDiv } from "./integers.js";
import { againstOne, magnitudeUnits, odd, type Rule, scaleFor, units } from "./rule.js";
import { type Enclosure, quotient, roundDecided } from "./ziv.js";

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

export const TRIGONOMETRIC = {
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
} satisfies Record<string, Rule>;
