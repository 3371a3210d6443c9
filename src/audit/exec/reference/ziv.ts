import { TouchstoneError } from "../../../errors.js";
import { roundSigned } from "./binary32.js";

/** A real that lies within `error` of `value`, both in units of 2^-scale. */
export interface Enclosure {
  readonly value: bigint;
  readonly error: bigint;
  readonly scale: number;
}

const FIRST_PRECISION = 96;
const LAST_PRECISION = 3072;

/**
 * RN of a real that is no binary32 number and no midpoint of two: enclosures of growing precision until both ends round to
 * the same bits (Ziv's strategy). Callers have dealt with the exact cases.
 *
 * @throws TouchstoneError `ROUNDING_UNDECIDED` at 3072 bits. No function of binary32 numbers comes near.
 */
export function roundDecided(enclose: (precision: number) => Enclosure): bigint {
  for (let precision = FIRST_PRECISION; precision <= LAST_PRECISION; precision *= 2) {
    const { value, error, scale } = enclose(precision);
    const below = roundSigned(value - error, -scale);
    if (below === roundSigned(value + error, -scale)) return below;
  }
  throw new TouchstoneError("ROUNDING_UNDECIDED", `no rounding is decided at ${LAST_PRECISION} bits`, {
    next: "This is a defect of the reference executor: report the function and its operands.",
  });
}

/** A quotient of two reals given in units of 2^-scale, each with the error of its numerator or denominator; `d > dError`. */
export function quotient(n: bigint, nError: bigint, d: bigint, dError: bigint, scale: number): Enclosure {
  const one = 1n << BigInt(scale);
  const value = (n * one) / d;
  const magnitude = value < 0n ? -value : value;
  return { value, error: (nError * one + dError * (magnitude + 1n)) / (d - dError) + 2n, scale };
}
