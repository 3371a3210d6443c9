import { LN2_HI, LN2_LO, LOG_HI, LOG_INVERSE, LOG_LO } from "./constants.js";
import { expSum } from "./elementary.js";

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** Veltkamp's constant: splits a binary64 number into halves of 26 bits. */
const SPLITTER = 2 ** 27 + 1;

/**
 * x^y for a finite binary32 x > 0 and a finite y of at most 26 significant bits, within 2^-48 of the value, relatively;
 * infinity or 0 where that is far outside of binary32.
 *
 * The logarithm comes as an unevaluated sum of two binary64 numbers: x = m 2^e, and c of 8 fractional bits lies so close to 1/m that
 * r = c m - 1 and r^2 are exact. Near x = 1 both e and log c are 0, so that the error stays relative.
 */
export function powPositive(x: number, y: number): number {
  double[0] = x;
  let e = (words[1]! >>> 20) - 1023;
  words[1] = (words[1]! & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > 1.41) {
    m /= 2;
    e++;
  }
  const i = Math.floor(m * 64 + 0.5);
  const r = m * LOG_INVERSE[i]! - 1;
  const z = r * r;
  const whole = e * LN2_HI + LOG_HI[i]!;
  const tail =
    z * r * (1 / 3 + r * (-1 / 4 + r * (1 / 5 + r * (-1 / 6 + r * (1 / 7 + r * (-1 / 8 + r * (1 / 9 - r / 10)))))));
  // whole + r - z/2 without error: whole is 0 or at least as large as r, and both outweigh z/2.
  const sum = whole + r;
  const lost = whole - sum + r;
  const head = sum - z / 2;
  const lost2 = sum - head - z / 2;
  const small = lost + lost2 + (e * LN2_LO + LOG_LO[i]! + tail);

  const carried = SPLITTER * head;
  const upper = carried - (carried - head);
  return expSum(y * upper, y * (head - upper) + y * small);
}
