import { NAN, infinity, roundRational, signed, zero, type Float } from "./binary32.js";

/** Products of binary32 numbers are whole multiples of 2^-298. */
const UNIT_EXPONENT = -298;

/** The exact sum of binary32 numbers and products of two, rounded once (docs/audit.md, `dot`). */
export interface ExactSum {
  add(x: Float): void;
  addProduct(x: Float, y: Float): void;
  /** RN(sum / count). A zero is +0 unless every term is -0. */
  round(count?: bigint): bigint;
}

export function createExactSum(): ExactSum {
  let total = 0n;
  let nan = false;
  let positive = false;
  let negative = false;
  let onlyNegativeZeros = true;

  const special = (isNegative: boolean): void => {
    onlyNegativeZeros = false;
    if (isNegative) negative = true;
    else positive = true;
  };

  const finite = (isNegative: boolean, value: bigint, exponent: number): void => {
    if (value !== 0n || !isNegative) onlyNegativeZeros = false;
    total += value << BigInt(exponent - UNIT_EXPONENT);
  };

  return {
    add(x) {
      if (x.kind === "nan") nan = true;
      else if (x.kind === "inf") special(x.negative);
      else finite(x.negative, signed(x), x.exponent);
    },
    addProduct(x, y) {
      if (x.kind === "nan" || y.kind === "nan") {
        nan = true;
        return;
      }
      const isNegative = x.negative !== y.negative;
      if (x.kind === "finite" && y.kind === "finite") {
        finite(isNegative, signed(x) * signed(y), x.exponent + y.exponent);
      } else if ((x.kind === "finite" && x.mantissa === 0n) || (y.kind === "finite" && y.mantissa === 0n)) {
        nan = true;
      } else {
        special(isNegative);
      }
    },
    round(count = 1n) {
      if (nan || (positive && negative)) return NAN;
      if (positive || negative) return infinity(negative);
      if (total === 0n) return zero(onlyNegativeZeros);
      return roundRational(total < 0n, total < 0n ? -total : total, count << BigInt(-UNIT_EXPONENT));
    },
  };
}
